import ArgumentParser
import Collectives
import Foundation

/// How commands other than training and conversion run under mpirun or srun.
enum Ranks {
  /// Runs `body` as one rank of the group in which the process was started, alone or not, and ends it with the group's exit code.
  static func run(_ body: (any Communicator) throws -> Void) throws {
    let status = Communicators.run(environment: environment, report: Croco.report, body: body)
    if status != 0 { throw ExitCode(status) }
  }

  /// Runs on rank 0 what one process computes, while the others wait; all end with the same exit code.
  static func runOnFirst(_ body: () throws -> Void) throws {
    let launch = LaunchEnvironment(environment)
    guard launch.isUnderLauncher else {
      if let failure = launch.failure(worldSize: 1) { throw failure }
      return try body()
    }
    try run { communicator in
      let isFirst = communicator.rank == 0
      if isFirst, communicator.size > 1 {
        Croco.warn([
          "one process does this; \(communicator.size - 1) of the \(communicator.size) ranks have nothing to do."
        ])
      }
      try communicator.together { if isFirst { try body() } }
    }
  }

  /// Without what Slurm says of the job: its batch script is one process, whatever the number of tasks; srun tells of its own.
  private static var environment: [String: String] {
    ProcessInfo.processInfo.environment.filter { $0.key != "SLURM_NTASKS" }
  }
}

/// A command that one process computes, also where several were started.
protocol SingleProcessCommand: ParsableCommand {
  /// What the command does.
  func compute() throws
}

extension SingleProcessCommand {
  func run() throws { try Ranks.runOnFirst(compute) }
}
