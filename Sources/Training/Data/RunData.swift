import Collectives
import Foundation
import PairData
import Runtime

/// The data sets of a run, opened on every rank.
package struct RunData {
  /// The training set's folder.
  package let path: String
  /// The digest of the training set.
  package let fingerprint: String
  /// The training set.
  package let training: PairDataset
  /// The held-out pairs, where the configuration asks for a validation or for pictures.
  package let validation: PairDataset?
  /// Is told of pairs that were skipped on this rank.
  let badPairs = BadPairReports()

  /// Opens the training set and, where it is needed, the validation set; collective.
  ///
  /// - Throws: the same `Failure` on every rank, naming the rank that cannot read.
  package init(_ context: RunContext) throws(Failure) {
    let configuration = context.configuration
    let data = configuration.data
    guard !data.path.isEmpty else {
      throw Failure(
        .configuration, "data.path is not set.", hint: "Name the data set's folder: \(.override) data.path=DIR")
    }
    (training, validation) = try context.communicator.together {
      let training = try PairDataset(path: data.path, shards: data.sharding == .local ? .present : .all)
      let path = data.validationPath ?? data.path
      if configuration.validation.everySteps == 0 {
        // Pictures alone can do with training pairs.
        guard configuration.pictures.everySteps > 0,
          try DatasetManifest(folder: path).pairCount(of: data.validationSplit) > 0
        else { return (training, nil) }
      }
      return (training, try PairDataset(path: path, split: data.validationSplit))
    }
    path = data.path
    fingerprint = training.fingerprint
    try checkFingerprint(context)
    if data.onBadPair == .fail { try checkLengths(context) }
  }

  /// Compares the ranks' digests.
  private func checkFingerprint(_ context: RunContext) throws(Failure) {
    let communicator = context.communicator
    let all = try communicator.gatherBytes(Array("\(fingerprint) \(communicator.hostName)".utf8))
    let texts = all.map { String(decoding: $0, as: UTF8.self) }
    guard let odd = texts.firstIndex(where: { $0.prefix(16) != texts[0].prefix(16) }) else { return }
    throw Failure(
      .badData, "Rank \(odd) (\(texts[odd].dropFirst(17))) finds another data set in \(path) than rank 0.",
      hint: "Give every host the same copy.")
  }

  /// Finds missing and cut-off shards before the first step; what lies within them is checked when it is read.
  private func checkLengths(_ context: RunContext) throws(Failure) {
    let communicator = context.communicator
    try communicator.together {
      for (dataset, isLocal) in [(training, context.configuration.data.sharding == .local), (validation, false)] {
        guard let dataset else { continue }
        let count = dataset.shardNumbers.count
        // What all ranks see, each checks a part of.
        try dataset.checkLengths(
          isLocal ? 0..<count : Partition.range(communicator.rank, of: communicator.size, count: count))
      }
    }
  }
}
