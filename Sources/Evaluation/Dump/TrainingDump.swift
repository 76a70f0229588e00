import Collectives
import CroCoModel
import Foundation
import PairData
import Runtime
import Storage
import Training

/// Training steps with every tensor kept, for debugging and for comparison with other implementations.
///
/// It runs the trainer's own step, in one process without MPI. Tensors have the names of the official modules: `img1`,
/// `img2`, `mask` (1 = masked), `param.*` before the step, `act.*`, `pred`, `target`, `target_norm`, `loss`, `grad.*`
/// (before clipping), `grad_act.*`, `grad_norm`, `lr`; with a single
/// micro-batch of one pass also `grad_input.*`. With several steps, those of step s = 0, 1, ... carry the prefix
/// `step<s>.`; the parameters after an update are the `param.*` of the next step, after the last one `final.*`.
package struct TrainingDump {
  private let trainer: Trainer
  private let source: RecordingSource
  private let steps: Int
  private var writer: SafetensorsWriter

  /// Prepares `steps` steps: from initial values, after those of a checkpoint, or from the weights of a file, then with moments 0.
  ///
  /// - Parameter source: nil for initial values.
  /// - Throws: `Failure` of kind `configuration`, `badData` or `noInput`.
  package init(
    _ configuration: TrainingConfiguration, from source: TrainedSource?, steps: Int, pool: WorkerPool
  ) throws(Failure) {
    let context = RunContext(configuration, groups: try HostGroups(SingleProcessCommunicator()), pool: pool)
    let data = try RunData(context)
    let restored: Checkpoint? = if case .checkpoint(let checkpoint, _) = source { checkpoint } else { nil }
    let first = restored?.state.step ?? 0
    let batches = try TrainingBatches(
      data, context, microBatches: 0..<configuration.batch.microBatchCount, firstStep: first)
    self.source = RecordingSource(batches.loader)
    trainer = try Trainer(
      configuration, stepsPerEpoch: batches.stepsPerEpoch, batches: self.source, groups: context.groups, pool: pool)
    try trainer.restore(restored, step: first)
    if case .weights(let path) = source {
      let file = try TensorFiles.open(path)
      try Checkpoint.readWeights(file, into: trainer.parameters, buffers: CroCoNet.buffers(configuration.model))
    }
    if source == nil { try InitialWeights(configuration, for: trainer.parameters)?.fill() }
    self.steps = steps
    let loss = configuration.loss
    writer = SafetensorsWriter(metadata: [
      "croco_kwargs": configuration.model.officialArgumentsJSON,
      "loss":
        #"{"kind": "\#(loss.kind.rawValue)", "masked": \#(loss.onMaskedOnly), "norm_pix": \#(loss.normalizesPatches)}"#,
      "configuration": configuration.resolved(),
    ])
  }

  /// Runs the steps and writes the file, complete or not at all.
  ///
  /// - Throws: what a step throws, or `Failure` of kind `inputOutput` that names the path.
  package mutating func write(to path: String) throws {
    for step in 0..<steps { try add(step: steps == 1 ? "" : "step\(step).") }
    addParameters("final.", values: trainer.parameters.values)
    for buffer in CroCoNet.buffers(trainer.configuration.model) {
      writer.add("final." + buffer.name, shape: buffer.shape, buffer.values)
    }
    try Publication.publishFile(at: path) { try writer.write(to: $0) }
  }

  private mutating func add(step prefix: String) throws(Failure) {
    let configuration = trainer.configuration
    addParameters(prefix + "param.", values: trainer.parameters.values)
    for buffer in CroCoNet.buffers(configuration.model) {
      writer.add(prefix + "param." + buffer.name, shape: buffer.shape, buffer.values)
    }
    let recorder = TensorRecorder()
    trainer.network.recorder = recorder
    source.startStep(trainer.network)
    let report = try trainer.step()
    trainer.network.recorder = nil
    addInputs(prefix)
    let tokens = [source.mask.count / configuration.model.patchCount, configuration.model.patchCount]
    for (view, values) in [("img1", source.embeddings1), ("img2", source.embeddings2)] {
      writer.add("\(prefix)act.patch_embed.\(view)", shape: tokens + [configuration.model.encoderDimension], values)
    }
    if configuration.batch.microBatchCount == 1 && configuration.compute.passes == 1 {
      let images = trainer.network.imageGradients()
      let shape = [tokens[0], 3, configuration.model.imageHeight, configuration.model.imageWidth]
      writer.add(prefix + "grad_input.img1", shape: shape, images.view1)
      writer.add(prefix + "grad_input.img2", shape: shape, images.view2)
    }
    for tensor in recorder.tensors {
      writer.add(prefix + (tensor.name == "act.pred" ? "pred" : tensor.name), shape: tensor.shape, tensor.values)
    }
    addParameters(prefix + "grad.", values: trainer.parameters.gradients)
    for (name, value) in [("loss", report.loss), ("grad_norm", report.gradientNorm), ("lr", report.learningRate)] {
      writer.add(prefix + name, type: "F64", shape: [], values: [value])
    }
  }

  private mutating func addInputs(_ prefix: String) {
    let model = trainer.configuration.model
    let samples = source.mask.count / model.patchCount
    let image = [samples, 3, model.imageHeight, model.imageWidth]
    writer.add(prefix + "img1", shape: image, source.view1)
    writer.add(prefix + "img2", shape: image, source.view2)
    writer.add(prefix + "mask", type: "U8", shape: [samples, model.patchCount], values: source.mask)
    let shape = [samples, model.patchCount, model.patchDimension]
    let target = Patchify.patches(
      of: source.view1, height: model.imageHeight, width: model.imageWidth, patchSize: model.patchSize)
    writer.add(prefix + "target", shape: shape, target)
    if trainer.configuration.loss.normalizesPatches {
      writer.add(
        prefix + "target_norm", shape: shape, MaskedPatchLoss.normalized(target, patchDimension: model.patchDimension))
    }
  }

  private mutating func addParameters(_ prefix: String, values: AlignedBuffer<Float>) {
    for parameter in trainer.parameters.parameters {
      writer.add(prefix + parameter.name, shape: parameter.shape, Array(values.elements[parameter.range]))
    }
  }
}

/// Hands on batches and keeps a copy of what they held.
private final class RecordingSource: BatchSource {
  private(set) var view1: [Float] = []
  private(set) var view2: [Float] = []
  private(set) var mask: [UInt8] = []
  /// The patch embeddings of all patches, before the step's update: [B, N, C].
  private(set) var embeddings1: [Float] = []
  private(set) var embeddings2: [Float] = []
  private let source: any BatchSource
  private var network: CroCoNet?

  init(_ source: any BatchSource) { self.source = source }

  func startStep(_ network: CroCoNet) {
    self.network = network
    (view1, view2, mask, embeddings1, embeddings2) = ([], [], [], [], [])
  }

  func next() throws(Failure) -> PairBatch {
    let batch = try source.next()
    view1 += Array(batch.view1.elements)
    view2 += Array(batch.view2.elements)
    mask += Array(batch.mask.elements)
    if let network {
      for part in batch.parts(batch.count / network.batchSize) {
        let input = NetworkInput(part)
        embeddings1 += network.patchEmbeddings(of: input.view1)
        embeddings2 += network.patchEmbeddings(of: input.view2)
      }
    }
    return batch
  }
}
