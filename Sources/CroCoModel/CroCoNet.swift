import Kernels
import Runtime

/// The cross-view completion network: one encoder for both views, a decoder that completes view 1 with the help of view 2.
///
/// Source: Weinzaepfel et al., "CroCo", NeurIPS 2022; "CroCo v2", ICCV 2023. Forward and backward are explicit, draw no random
/// number and allocate nothing. Results depend on the slab count, not on the number of workers.
package final class CroCoNet {
  /// The network's sizes.
  package let configuration: ModelConfiguration
  /// Pairs of a micro-batch, B.
  package let batchSize: Int
  /// The parameters and gradients that the network works on; several networks may share them.
  package let parameters: ParameterStore

  private let engine: any NetworkEngine

  /// Builds a network over parameters made by ``makeParameters(_:)`` for the same configuration.
  ///
  /// - Parameters:
  ///   - slabCount: into how many slabs of whole samples a micro-batch is cut; part of the definition of the result.
  ///   - precision: of matrix products; bf16 needs ``MatrixProducts/requireBFloat16()`` to have succeeded.
  ///   - activations: what is kept for ``backward(predictionGradient:adding:finished:)``; it does not change results.
  package init(
    _ configuration: ModelConfiguration, batchSize: Int, slabCount: Int, parameters: ParameterStore, pool: WorkerPool,
    precision: Precision = .fp32, activations: ActivationPolicy = .keep
  ) {
    if let problem = configuration.problem { preconditionFailure("\(problem.property) \(problem.sentence)") }
    self.configuration = configuration
    self.batchSize = batchSize
    self.parameters = parameters
    let layout = TokenLayout(configuration, batchSize: batchSize, slabCount: slabCount)
    engine =
      switch precision {
      case .fp32: Engine<Float>(configuration, layout, parameters, pool, activations)
      case .bf16: Engine<BFloat16>(configuration, layout, parameters, pool, activations)
      }
  }

  /// A parameter store with the network's official names and shapes, all zero.
  package static func makeParameters(_ configuration: ModelConfiguration) -> ParameterStore {
    ParameterStore(shapes: ParameterLayout.shapes(configuration))
  }

  /// The bytes of activations, scratch and gradient buffers of one micro-batch, without parameters.
  package static func activationBytes(
    _ configuration: ModelConfiguration, batchSize: Int, slabCount: Int, workerCount: Int,
    precision: Precision = .fp32, activations: ActivationPolicy = .keep
  ) -> Int {
    let plan = Arena()
    let layout = TokenLayout(configuration, batchSize: batchSize, slabCount: slabCount)
    switch precision {
    case .fp32: _ = NetworkMemory<Float>(plan, configuration, layout, workerCount: workerCount, activations)
    case .bf16: _ = NetworkMemory<BFloat16>(plan, configuration, layout, workerCount: workerCount, activations)
    }
    return plan.count * MemoryLayout<Float>.size
  }

  /// Where intermediate tensors go, if anywhere.
  package var recorder: TensorRecorder? {
    get { engine.recorder }
    set { engine.recorder = newValue }
  }

  /// The network's output: [B, N, P], overwritten by the next ``forward(view1:view2:mask:)``.
  package var prediction: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: engine.prediction.pointer, count: engine.prediction.count)
  }

  /// Completes view 1.
  ///
  /// - Parameters:
  ///   - view1: the image to complete, normalised: [B, 3, H, W].
  ///   - view2: the reference, normalised: [B, 3, H, W].
  ///   - mask: 1 = masked, raster order, ``ModelConfiguration/maskedCount`` ones a row: [B, N]. It must stay valid
  ///     until the backward pass.
  package func forward(view1: UnsafePointer<Float>, view2: UnsafePointer<Float>, mask: UnsafePointer<UInt8>) {
    engine.forward(view1: view1, view2: view2, mask: mask)
  }

  /// Sets the gradients of all parameters for a gradient with respect to the prediction: [B, N, P].
  ///
  /// Follows a ``forward(view1:view2:mask:)`` of the same micro-batch.
  ///
  /// - Parameters:
  ///   - adding: adds to the gradients that are there instead of setting them.
  ///   - finished: is told which elements of ``ParameterStore/gradients`` are complete, layer by layer as backward comes to
  ///     their end, on the calling thread. The ranges follow each other from the end of the store to its beginning
  ///     and leave nothing out.
  package func backward(
    predictionGradient: UnsafePointer<Float>, adding: Bool = false, finished: (Range<Int>) -> Void = { _ in }
  ) {
    engine.backward(predictionGradient: predictionGradient, adding: adding, finished: finished)
  }

  /// The gradients with respect to both images, [B, 3, H, W] each, after ``backward(predictionGradient:adding:finished:)``.
  package func imageGradients() -> (view1: [Float], view2: [Float]) { engine.imageGradients() }

  /// The patch embedding of all patches of an image, before positions: [B, N, C]. For `croco dump`; training embeds only
  /// what the encoder sees.
  package func patchEmbeddings(of images: UnsafePointer<Float>) -> [Float] { engine.patchEmbeddings(of: images) }
}
