import Foundation
import Runtime

/// Chooses the communicator, and ends the process group whatever happens.
package enum Communicators {
  /// The group that this process was started in. A process started alone never touches MPI.
  ///
  /// - Throws: ``Failure`` of kind `usage` where a launcher started several processes that do not see each other, or of
  ///   kind `inputOutput` where MPI cannot be initialised.
  package static func make(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(Failure) -> any Communicator {
    let launch = LaunchEnvironment(environment)
    guard launch.isUnderLauncher else {
      if let failure = launch.failure(worldSize: 1) { throw failure }
      return SingleProcessCommunicator()
    }
    let communicator = try MPICommunicator()
    if let failure = launch.failure(worldSize: communicator.size) {
      try communicator.finalize()
      throw failure
    }
    return communicator
  }

  /// Runs `body` as one rank of the group and returns the status with which the process should exit.
  ///
  /// Where all ranks fail, each different sentence is reported once, on rank 0. Where a rank fails alone, it reports its
  /// own sentence after `patience` seconds and ends all ranks, so that none waits for it for ever.
  ///
  /// - Parameter report: prints a failure's sentence.
  package static func run(
    environment: [String: String] = ProcessInfo.processInfo.environment, patience: Double = 10,
    report: (Failure) -> Void, body: (any Communicator) throws -> Void
  ) -> Int32 {
    do {
      let communicator = try make(environment: environment)
      do {
        try body(communicator)
      } catch {
        return conclude(Failure(describing: error), of: communicator, patience: patience, report: report)
      }
      try communicator.finalize()
      return 0
    } catch {
      report(error)
      return error.kind.exitCode
    }
  }

  private static func conclude(
    _ failure: Failure, of communicator: any Communicator, patience: Double, report: (Failure) -> Void
  ) -> Int32 {
    guard communicator.meetsEveryone(within: patience), let failures = try? communicator.gatherFailures(failure) else {
      report(
        Failure(
          failure.kind,
          "Rank \(communicator.rank) of \(communicator.size) (\(communicator.hostName)): "
            + failure.message, hint: failure.hint))
      communicator.abort(exitCode: failure.kind.exitCode)
    }
    if communicator.rank == 0 {
      var reported: [Failure] = []
      for case .some(let failure) in failures where !reported.contains(failure) {
        report(failure)
        reported.append(failure)
      }
    }
    try? communicator.finalize()
    return failure.kind.exitCode
  }
}
