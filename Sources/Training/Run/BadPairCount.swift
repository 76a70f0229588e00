import PairData
import Runtime

/// Pairs that a run has skipped (`data.on_bad_pair: skip`), from its start or resumption: counted, named, limited.
struct BadPairCount {
  private let limit: Double
  private let folder: String
  private let globalBatchSize: Int
  private var replaced = 0
  private var pairs = 0
  private var files: Set<String> = []

  /// The fewest pairs of which the share of bad ones is taken, so that one early on does not end a run.
  static let leastPairs = 1000

  /// Nothing yet, with the limit of `data`.
  init(_ data: DataConfiguration, globalBatchSize: Int) {
    limit = data.badPairLimit
    folder = data.path
    self.globalBatchSize = globalBatchSize
  }

  /// Counts a step.
  ///
  /// - Throws: `Failure` of kind `badData`, the same on every rank, where too many pairs were skipped.
  mutating func count(_ report: StepReport) throws(Failure) {
    replaced += report.replacedPairs
    pairs += globalBatchSize
    guard report.replacedPairs > 0, Double(replaced) > limit * Double(max(pairs, Self.leastPairs)) else { return }
    throw Failure(
      .badData,
      "\(replaced) of \(pairs) pairs up to step \(report.step) could not be used, more than data.bad_pair_limit "
        + "(\(limit)) allows.",
      hint: "Try \(.verify) \(folder), which names what is damaged.")
  }

  /// Names the files of skipped pairs, each once; collective.
  mutating func tell(_ reports: BadPairReports, _ context: RunContext) throws(Failure) {
    // Paths and sentences hold no zero bytes.
    let text = reports.take().map { "\($0.file)\0\($0.sentence)" }.joined(separator: "\0")
    for (rank, bytes) in try context.communicator.gatherBytes(Array(text.utf8)).enumerated() {
      let parts = bytes.split(separator: 0, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
      }
      for place in stride(from: 0, to: parts.count - 1, by: 2) where files.insert(parts[place]).inserted {
        let origin = context.communicator.size > 1 ? "Rank \(rank): " : ""
        context.log(.warning, "\(origin)\(parts[place + 1]) Its pairs that cannot be read are replaced by others.")
      }
    }
  }
}
