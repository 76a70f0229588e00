import CroCoModel
import PairData
import Runtime
import Storage
import Training

/// A trained network read from disk: a run folder, a checkpoint folder or a weights file.
package struct PretrainedModel {
  /// Which of a checkpoint's weights are meant.
  package enum Weights: String, Sendable, CaseIterable {
    /// Those of its step, which validations measure.
    case last
    /// Their running mean, of runs with `optimizer.ema_decay`.
    case ema
  }

  /// What was read: a checkpoint folder, or a weights file, such as the one of a checkpoint's running mean.
  package let path: String
  /// The network.
  package let network: TrainedNetwork
  /// The configuration of the run that trained it; nil for a weights file.
  package let training: TrainingConfiguration?
  /// The checkpoint that was read; nil for a weights file.
  package let checkpoint: Checkpoint?

  /// A sentence on each newer checkpoint that was passed over because it is damaged, and on numbers that were converted.
  package let warnings: [String]

  /// The network's sizes.
  package var configuration: ModelConfiguration { network.configuration }

  /// Reads a run folder (its newest checkpoint that verifies), a checkpoint folder, or a safetensors or
  /// `.pth` file that says which network it holds.
  ///
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the file or the tensors, or that has no running mean.
  package init(path: String, _ weights: Weights = .last) throws(Failure) {
    switch try TrainedSource(path) {
    case .checkpoint(let checkpoint, let passedOver):
      guard weights == .last || checkpoint.hasAverage else { throw Self.lacksAverage(checkpoint.path) }
      try self.init(checkpoint: checkpoint, weights, passedOver: passedOver)
    case .weights(let path):
      guard weights == .last else { throw Self.lacksAverage(path) }
      try self.init(weights: path)
    }
  }

  private static func lacksAverage(_ path: String) -> Failure {
    Failure(
      .noInput, "\(path) holds no running mean of weights.",
      hint: "Runs with optimizer.ema_decay have one, in \(Checkpoint.averageFile) of their checkpoints.")
  }

  private init(checkpoint: Checkpoint, _ weights: Weights, passedOver: [String]) throws(Failure) {
    warnings = passedOver
    let training = try checkpoint.configuration
    self.training = training
    self.checkpoint = checkpoint
    switch weights {
    case .last:
      path = checkpoint.path
      let file = try SafetensorsReader(path: path.appending(path: Checkpoint.modelFile))
      network = try Self.read(file, training.model, training.loss)
    case .ema:
      path = checkpoint.path.appending(path: Checkpoint.averageFile)
      network = try Self.read(try SafetensorsReader(path: path), training.model, training.loss)
    }
  }

  private init(weights: String) throws(Failure) {
    let file = try TensorFiles.open(weights)
    let configuration = try ModelConfiguration(describedBy: file)
    path = weights
    warnings = file.conversion.map { [$0] } ?? []
    (training, checkpoint) = (nil, nil)
    // The file does not say; nearly all are trained with the official objective.
    network = try Self.read(file, configuration, LossConfiguration())
  }

  private static func read(
    _ file: any TensorFile, _ configuration: ModelConfiguration, _ loss: LossConfiguration
  ) throws(Failure) -> TrainedNetwork {
    let parameters = CroCoNet.makeParameters(configuration)
    try Checkpoint.readWeights(file, into: parameters, buffers: CroCoNet.buffers(configuration))
    return TrainedNetwork(configuration, loss, parameters)
  }
}

extension LoaderConfiguration {
  /// What prepares images for a trained network: its sizes, and the seed of its run for the fixed masks.
  package init(_ model: PretrainedModel, seed: UInt64? = nil) {
    self.init()
    imageHeight = model.configuration.imageHeight
    imageWidth = model.configuration.imageWidth
    patchSize = model.configuration.patchSize
    maskedCount = model.configuration.maskedCount
    self.seed = seed ?? model.training?.seed ?? 0
  }
}
