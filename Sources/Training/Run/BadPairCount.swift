import Collectives
import PairData
import Runtime

/// Pairs that a run has skipped (`data.on_bad_pair: skip`), from its start or resumption: counted, named, limited.
struct BadPairCount {
  private var replaced = 0
  private var pairs = 0
  private var files: Set<String> = []

  /// The fewest pairs of which the share of bad ones is taken, so that one early on does not end a run.
  static let leastPairs = 1000

  /// Counts a step.
  ///
  /// - Throws: `Failure` of kind `badData`, the same on every rank, where too many pairs were skipped.
  mutating func count(_ report: StepReport, _ configuration: TrainingConfiguration) throws(Failure) {
    replaced += report.replacedPairs
    pairs += configuration.batch.globalBatchSize
    let limit = configuration.data.badPairLimit
    guard report.replacedPairs > 0, Double(replaced) > limit * Double(max(pairs, Self.leastPairs)) else { return }
    throw Failure(
      .badData,
      "\(replaced) of \(pairs) pairs up to step \(report.step) could not be used, more than data.bad_pair_limit "
        + "(\(limit)) allows.",
      hint: "`croco inspect \(configuration.data.path) --verify` names what is damaged.")
  }

  /// Names the files of skipped pairs, each once; collective.
  mutating func tell(
    _ reports: BadPairReports, _ log: RunLog, _ communicator: any Communicator
  ) throws(Failure) {
    // Paths and sentences hold no zero bytes.
    let text = reports.take().map { "\($0.file)\0\($0.sentence)" }.joined(separator: "\0")
    for (rank, bytes) in try communicator.gatherBytes(Array(text.utf8)).enumerated() {
      let parts = bytes.split(separator: 0, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
      }
      for place in stride(from: 0, to: parts.count - 1, by: 2) where files.insert(parts[place]).inserted {
        let origin = communicator.size > 1 ? "Rank \(rank): " : ""
        log(.warning, "\(origin)\(parts[place + 1]) Its pairs that cannot be read are replaced by others.")
      }
    }
  }
}
