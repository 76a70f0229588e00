import Collectives
import Foundation
import PairData
import Storage

/// The data sets of a run, opened on every rank.
public struct RunData {
  /// The training set's folder.
  public let path: String
  /// The digest of the training set.
  public let fingerprint: String
  /// The training set.
  public let training: PairDataset
  /// The held-out pairs, where the configuration asks for a validation or for pictures.
  public let validation: PairDataset?

  /// Opens the training set and, where it is needed, the validation set.
  ///
  /// - Throws: the same `Failure` on every rank, naming the rank that cannot read.
  init(_ configuration: TrainingConfiguration, communicator: any Communicator) throws(Failure) {
    let data = configuration.data
    guard !data.path.isEmpty else {
      throw Failure(.configuration, "data.path is not set.", hint: "Name the data set's folder: --set data.path=DIR")
    }
    (training, validation) = try communicator.together {
      let training = try PairDataset(path: data.path)
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
    guard let odd = texts.firstIndex(where: { $0.prefix(16) != texts[0].prefix(16) }) else { return }
    throw Failure(
      .badData, "Rank \(odd) (\(texts[odd].dropFirst(17))) finds another data set in \(data.path) than rank 0.",
      hint: "Give every host the same copy.")
  }

  /// This rank's training batches from `firstStep` on.
  func loader(
    _ configuration: TrainingConfiguration, microBatches: Range<Int>, firstStep: Int, _ communicator: any Communicator
  ) throws(Failure) -> PairLoader {
    try communicator.together {
      try PairLoader(
        source: training, configuration: LoaderConfiguration(configuration),
        globalBatchSize: configuration.batch.globalBatchSize, microBatches: microBatches, firstStep: firstStep)
    }
  }

  /// The validator, where the configuration asks for one.
  func validator(_ trainer: Trainer) throws(Failure) -> Validator? {
    guard let validation, trainer.configuration.validation.everySteps > 0 else { return nil }
    return try trainer.communicator.together {
      try Validator(
        trainer, source: validation, configuration: LoaderConfiguration(trainer.configuration),
        batchCount: trainer.configuration.validation.batches)
    }
  }
}

extension RunData {
  /// What draws reconstructions of held-out pairs, or of training pairs where there is no validation; nil where the
  /// configuration wants none. For rank 0 alone.
  func pictures(_ trainer: Trainer, folder: String) throws(Failure) -> PictureWriter? {
    guard trainer.configuration.pictures.everySteps > 0 else { return nil }
    try Publication.createFolder(folder)
    return try PictureWriter(trainer, source: validation ?? training, folder: folder)
  }
}

extension LoaderConfiguration {
  /// The loader's part of a training configuration.
  public init(_ configuration: TrainingConfiguration) {
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
  }
}
