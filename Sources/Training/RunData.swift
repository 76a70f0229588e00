import Collectives
import Foundation
import PairData
import Runtime
import Storage

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

  /// Opens the training set and, where it is needed, the validation set.
  ///
  /// - Throws: the same `Failure` on every rank, naming the rank that cannot read.
  package init(_ configuration: TrainingConfiguration, communicator: any Communicator) throws(Failure) {
    let data = configuration.data
    guard !data.path.isEmpty else {
      throw Failure(.configuration, "data.path is not set.", hint: "Name the data set's folder: --set data.path=DIR")
    }
    (training, validation) = try communicator.together {
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
    let all = try communicator.gatherBytes(Array("\(fingerprint) \(communicator.hostName)".utf8))
    let texts = all.map { String(decoding: $0, as: UTF8.self) }
    if let odd = texts.firstIndex(where: { $0.prefix(16) != texts[0].prefix(16) }) {
      throw Failure(
        .badData, "Rank \(odd) (\(texts[odd].dropFirst(17))) finds another data set in \(data.path) than rank 0.",
        hint: "Give every host the same copy.")
    }
    if data.onBadPair == .fail { try checkLengths(data.sharding, communicator) }
  }

  /// Finds missing and cut-off shards before the first step; what lies within them is checked when it is read.
  private func checkLengths(
    _ sharding: DataConfiguration.Sharding, _ communicator: any Communicator
  ) throws(Failure) {
    try communicator.together {
      for (dataset, isLocal) in [(training, sharding == .local), (validation, false)] {
        guard let dataset else { continue }
        let count = dataset.shardNumbers.count
        // What all ranks see, each checks a part of.
        try dataset.checkLengths(
          isLocal ? 0..<count : Partition.range(communicator.rank, of: communicator.size, count: count))
      }
    }
  }

  /// This rank's training batches from `firstStep` on; collective.
  package func batches(
    _ configuration: TrainingConfiguration, microBatches: Range<Int>, firstStep: Int, _ communicator: any Communicator
  ) throws(Failure) -> TrainingBatches {
    let share = try DataShare(configuration, training, microBatches: microBatches, communicator)
    let loader = try communicator.together {
      try PairLoader(
        source: training, configuration: LoaderConfiguration(configuration), globalBatchSize: share.globalBatchSize,
        microBatches: share.microBatches, firstStep: firstStep, badPairs: badPairs)
    }
    return TrainingBatches(loader: loader, stepsPerEpoch: share.stepsPerEpoch, remarks: share.remarks)
  }

  /// The validator, where the configuration asks for one.
  func validator(_ trainer: Trainer) throws(Failure) -> Validator? {
    guard let validation, trainer.configuration.validation.everySteps > 0 else { return nil }
    return try trainer.communicator.together {
      try Validator(
        trainer, source: validation, configuration: LoaderConfiguration(trainer.configuration),
        batchCount: trainer.configuration.validation.batches, badPairs: badPairs)
    }
  }
}

/// A rank's training batches, and what follows from how the data lies.
package struct TrainingBatches {
  /// This rank's micro-batches.
  package let loader: PairLoader
  /// Steps of a pass over the data; the same on every rank.
  package let stepsPerEpoch: Double
  /// Sentences for the log.
  package let remarks: [DataShare.Remark]
}

extension RunData {
  /// What draws reconstructions of held-out pairs, or of training pairs where there is no validation; nil where the
  /// configuration wants none. For rank 0 alone.
  func pictures(_ trainer: Trainer, folder: String) throws(Failure) -> PictureWriter? {
    guard trainer.configuration.pictures.everySteps > 0 else { return nil }
    try FileSystem.createFolder(folder)
    return try PictureWriter(trainer, source: validation ?? training, folder: folder)
  }
}

extension LoaderConfiguration {
  /// The loader's part of a training configuration.
  package init(_ configuration: TrainingConfiguration) {
    self.init()
    let (model, data) = (configuration.model, configuration.data)
    imageHeight = model.imageHeight
    imageWidth = model.imageWidth
    patchSize = model.patchSize
    maskedCount = model.maskedCount
    microBatchSize = configuration.batch.microBatchSize
    bothOrders = data.usesBothOrders
    jitterStrength = data.jitter > 0 ? Float(data.jitter) : nil
    pairTransforms = data.pairTransforms
    seed = configuration.seed
    threadCount = data.loaderThreads
    prefetchDepth = data.prefetch
    readAheadPairs = data.readAhead
    onBadPair = data.onBadPair
  }
}
