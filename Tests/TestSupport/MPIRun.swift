import Foundation
import Runtime

/// mpirun for tests: several ranks on this host, whatever its number of cores, as root too.
package enum MPIRun {
  /// The path of mpirun, or nil where Open MPI is not installed.
  package static let path = installedProgram("mpirun")

  /// Why tests that need mpirun are left out.
  package static let missing = "mpirun is not installed: launch/setup installs it."

  /// mpirun's arguments before the program.
  ///
  /// Ranks are not bound, or several runs at a time would share core 0.
  package static func arguments(ranks: Int, _ executable: String, _ arguments: [String]) -> [String] {
    [
      "--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1", "-np", "\(ranks)", executable,
    ] + arguments
  }

  /// The environment that lets root start ranks.
  package static let environment: [String: String?] = [
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
  ]

  /// Starts a program of this package under mpirun.
  ///
  /// - Throws: ``Failure`` where mpirun or the program is missing.
  package static func start(
    ranks: Int, _ executable: String, _ arguments: [String] = [], environment: [String: String?] = [:],
    currentFolder: String? = nil
  ) throws(Failure) -> ChildProcess {
    guard let path else { throw Failure(.noInput, missing) }
    return try ChildProcess(
      path, Self.arguments(ranks: ranks, try builtExecutable(executable), arguments),
      environment: Self.environment.merging(environment) { $1 }, currentFolder: currentFolder)
  }

  /// Runs a program of this package under mpirun to its end.
  ///
  /// - Throws: ``Failure`` where mpirun or the program is missing.
  package static func run(
    ranks: Int, _ executable: String, _ arguments: [String] = [], environment: [String: String?] = [:],
    currentFolder: String? = nil, timeLimit seconds: Double = 60
  ) throws(Failure) -> ProcessResult {
    let process = try start(
      ranks: ranks, executable, arguments, environment: environment, currentFolder: currentFolder)
    return process.finish(within: seconds)
  }

  /// The process of a rank, by an argument such as its run folder and the number that mpirun gives it; nil where there is none.
  package static func rankProcess(_ rank: Int, with argument: String) throws -> pid_t? {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.first { process in
      let words = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
      let variables = FileManager.default.contents(atPath: "/proc/\(process)/environ") ?? Data()
      return words.range(of: Data(argument.utf8)) != nil
        && variables.range(of: Data("OMPI_COMM_WORLD_RANK=\(rank)\0".utf8)) != nil
    }
  }
}
