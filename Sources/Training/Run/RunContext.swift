import Collectives
import CroCoModel
import Foundation
import Runtime
import Storage

/// What everything in a run has in common: the configuration, the ranks, their threads, and the log.
///
/// For what puts a run together. A component gets the part that it needs.
package struct RunContext {
  /// What is computed, and how it is watched; the same on every rank.
  package let configuration: TrainingConfiguration
  /// The ranks, and who shares a host.
  package let groups: HostGroups
  /// The threads of this rank.
  package let pool: WorkerPool
  /// What rank 0 says; silent on the others.
  package let log: RunLog

  /// A context with threads that somebody else has counted.
  package init(
    _ configuration: TrainingConfiguration, groups: HostGroups, pool: WorkerPool, log: RunLog = .silent
  ) {
    self.configuration = configuration
    self.groups = groups
    self.pool = pool
    self.log = log
  }

  /// A context with as many threads as `compute.threads` says, or as this rank has cores; collective.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where communication fails.
  init(_ configuration: TrainingConfiguration, groups: HostGroups, log: RunLog) throws(Failure) {
    let threads = try StartupChecks.threads(configured: configuration.compute.threads, of: groups.communicator)
    self.init(configuration, groups: groups, pool: WorkerPool(workerCount: threads), log: log)
  }

  /// The ranks.
  package var communicator: any Communicator { groups.communicator }

  /// Whether this is the rank that reads, writes and speaks.
  package var isFirstRank: Bool { communicator.rank == 0 }

  /// Warns of what looks wrong on any rank, or in where the ranks are; collective.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where communication fails.
  func checkMachine(_ placements: [RankPlacement]) throws(Failure) {
    for warning in PlacementChecks(placements).warnings { log(.warning, warning) }
    let warnings = StartupChecks.warnings(
      threads: pool.workerCount, slabs: configuration.compute.slabs, environment: ProcessInfo.processInfo.environment)
    let all = try communicator.gatherBytes(Array(warnings.joined(separator: "\n").utf8))
    var said: Set<Substring> = []
    for (rank, bytes) in all.enumerated() {
      for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where said.insert(line).inserted {
        log(.warning, rank == 0 ? String(line) : "rank \(rank): \(line)")
      }
    }
  }

  /// What ends all ranks where one of them hangs; nil where the configuration wants none. Collective.
  ///
  /// - Parameter lastWords: says why, from another thread.
  /// - Throws: the same `Failure` on every rank, where the folder cannot be written.
  func watchdog(
    in folder: RunFolder, lastWords: @escaping @Sendable (Failure) -> Void
  ) throws(Failure) -> Watchdog? {
    guard let limit = configuration.compute.hangLimit else { return nil }
    let communicator = communicator
    try communicator.together {
      guard isFirstRank else { return }
      // Those of a run that was killed.
      try FileSystem.removeTree(folder.rankFolder)
      if communicator.size > 1 { try FileSystem.createFolder(folder.rankFolder) }
    }
    return Watchdog(
      limit, communicator: communicator, folder: communicator.size > 1 ? folder.rankFolder : nil
    ) { sentence in
      lastWords(
        Failure(
          .internalError, sentence,
          hint:
            "Look after that process and its host, and start again from the last checkpoint; compute.hang_minutes sets "
            + "another limit."))
      communicator.abort(exitCode: Failure.Kind.internalError.exitCode)
    }
  }
}
