import Kernels
import Runtime

/// The cross-view completion network: one encoder for both views, a decoder that completes view 1 with the help of view 2,
/// a head that predicts its pixels.
///
/// Source: Weinzaepfel et al., "CroCo", NeurIPS 2022; "CroCo v2", ICCV 2023. Forward and backward are explicit, draw no random
/// number and allocate no buffer. Results depend on the slab count, not on the number of workers.
package final class CroCoNet {
  /// The network's sizes.
  package let configuration: ModelConfiguration
  /// Pairs of a pass, B.
  package let batchSize: Int
  /// The parameters and gradients that the network works on; several networks may share them, also of different image sizes.
  package let parameters: ParameterStore

  private let passes: any NetworkPasses

  /// Builds a network over parameters made by ``makeParameters(_:)`` for a configuration that differs in image size at most.
  ///
  /// - Parameters:
  ///   - slabCount: into how many slabs of whole samples a pass is cut; part of the definition of the result.
  ///   - precision: of matrix products, whose ``Precision/require()`` must have succeeded.
  ///   - activations: what is kept for ``backward(adding:finished:)``; it does not change results.
  package init(
    _ configuration: ModelConfiguration, batchSize: Int, slabCount: Int, parameters: ParameterStore, pool: WorkerPool,
    precision: Precision = .fp32, activations: ActivationPolicy = .keep
  ) {
    if let problem = configuration.problem { preconditionFailure("\(problem.property) \(problem.sentence)") }
    self.configuration = configuration
    self.batchSize = batchSize
    self.parameters = parameters
    passes =
      switch precision.element {
      case .float:
        Network<Float>(
          configuration, batchSize: batchSize, slabCount: slabCount, parameters, pool, activations,
          precision.quantization)
      case .bfloat16:
        Network<BFloat16>(
          configuration, batchSize: batchSize, slabCount: slabCount, parameters, pool, activations,
          precision.quantization)
      }
  }

  /// Where intermediate tensors go, if anywhere.
  package var recorder: TensorRecorder? {
    get { passes.recorder }
    set { passes.recorder = newValue }
  }

  /// The head's output, overwritten by the next ``forward(_:)``: [B * N, P].
  package var prediction: Matrix { passes.prediction }

  /// Where the gradient with respect to the prediction is put before ``backward(adding:finished:)``: [B * N, P].
  package var predictionGradient: Matrix { passes.predictionGradient }

  /// Completes view 1: sets ``prediction``.
  package func forward(_ input: NetworkInput) {
    precondition(
      input.mask.rows == batchSize && input.mask.columns == configuration.patchCount
        && input.view1.columns == 3 * configuration.imageHeight * configuration.imageWidth,
      "the network takes \(batchSize) pairs of \(configuration.imageHeight)x\(configuration.imageWidth)")
    passes.forward(input)
  }

  /// Sets the gradients of all parameters from ``predictionGradient``.
  ///
  /// Follows a ``forward(_:)`` of the same pass.
  ///
  /// - Parameters:
  ///   - adding: adds to the gradients that are there instead of setting them.
  ///   - finished: is told which elements of ``ParameterStore/gradients`` are complete, layer by layer as backward comes to
  ///     their end, on the calling thread. The ranges follow each other from the end of the network's parameters to their
  ///     beginning and leave nothing out.
  package func backward(adding: Bool = false, finished: (Range<Int>) -> Void = { _ in }) {
    passes.backward(adding: adding, finished: finished)
  }

  /// The loss of a pass: ``forward(_:)``, then the objective.
  package func loss(of input: NetworkInput, by objective: any Objective) -> Double {
    forward(input)
    return objective.loss(of: prediction, for: input)
  }

  /// ``backward(adding:finished:)`` from the gradient of `scale` times the loss of the last forward pass, which was given
  /// `input`.
  package func backward(
    from objective: any Objective, for input: NetworkInput, scale: Double, adding: Bool = false,
    finished: (Range<Int>) -> Void = { _ in }
  ) {
    objective.formGradient(of: prediction, for: input, scale: scale, into: predictionGradient)
    backward(adding: adding, finished: finished)
  }

  /// The gradients with respect to both images, [B, 3, H, W] each, after backward.
  package func imageGradients() -> (view1: [Float], view2: [Float]) {
    let gradients = passes.imageGradients()
    return (gradients[0], gradients[1])
  }

  /// The patch embedding of all patches of images [B, 3 * H * W], before positions: [B, N, C]. For `croco dump`; training
  /// embeds only what the encoder sees.
  package func patchEmbeddings(of images: Matrix) -> [Float] { passes.patchEmbeddings(of: images) }
}

// MARK: - What a network needs, without making it

extension CroCoNet {
  /// The parameters in forward order, as the layers declare them.
  package static func declarations(_ configuration: ModelConfiguration) -> [ParameterDeclaration] {
    plan(configuration).parameters.declarations
  }

  /// A parameter store with the network's official names and shapes, all zero.
  package static func makeParameters(_ configuration: ModelConfiguration) -> ParameterStore {
    ParameterStore(declarations(configuration))
  }

  /// The position tables that the official `state_dict` holds as buffers; none with RoPE.
  package static func buffers(_ configuration: ModelConfiguration) -> [(name: String, shape: [Int], values: [Float])] {
    plan(configuration).parameters.tables.map { ($0.name, $0.shape, $0.values()) }
  }

  /// The bytes of activations, scratch and gradient buffers of one pass, without parameters.
  package static func activationBytes(
    _ configuration: ModelConfiguration, batchSize: Int, slabCount: Int, workerCount: Int,
    precision: Precision = .fp32, activations: ActivationPolicy = .keep
  ) -> Int {
    func count<Element>(_ plan: NetworkPlan<Element>) -> Int {
      _ = NetworkLayers(
        configuration, batchSize: batchSize, slabCount: slabCount, workerCount: workerCount, in: plan)
      return plan.count
    }
    let floats =
      switch precision.element {
      case .float: count(NetworkPlan<Float>(activations, quantizationOfBlocks: precision.quantization))
      case .bfloat16: count(NetworkPlan<BFloat16>(activations, quantizationOfBlocks: precision.quantization))
      }
    return floats * MemoryLayout<Float>.size
  }

  private static func plan(_ configuration: ModelConfiguration) -> NetworkPlan<Float> {
    let plan = NetworkPlan<Float>()
    _ = NetworkLayers(configuration, batchSize: 1, slabCount: 1, workerCount: 1, in: plan)
    return plan
  }
}
