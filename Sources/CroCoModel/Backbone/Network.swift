import Kernels
import Runtime

/// The passes of a network, whatever its precision; ``CroCoNet`` documents them.
protocol NetworkPasses: AnyObject {
  var prediction: Matrix { get }
  var predictionGradient: Matrix { get }
  var recorder: TensorRecorder? { get set }
  func forward(_ input: NetworkInput)
  func backward(adding: Bool, finished: (Range<Int>) -> Void)
  func imageGradients() -> [[Float]]
  func patchEmbeddings(of images: Matrix) -> [Float]
}

/// A network over one kind of element: layers, their memory, and the threads that run them.
final class Network<Element: MatrixElement>: NetworkPasses {
  private let parameters: NetworkParameters<Element>
  private let layers: NetworkLayers<Element>
  private let memory: PlannedMemory
  private let runner: SlabRunner<Element>
  private let policy: ActivationPolicy
  private let quantizes: Bool
  private var hasRun = false

  init(
    _ configuration: ModelConfiguration, batchSize: Int, slabCount: Int, _ store: ParameterStore, _ pool: WorkerPool,
    _ policy: ActivationPolicy, _ quantization: Quantization
  ) {
    let parameters = NetworkParameters<Element>(store)
    (layers, memory) = NetworkPlan.realize(policy, parameters, quantizationOfBlocks: quantization) { plan in
      NetworkLayers(
        configuration, batchSize: batchSize, slabCount: slabCount, workerCount: pool.workerCount, in: plan)
    }
    self.parameters = parameters
    runner = SlabRunner(pool, scratch: layers.scratch, arrival: store.arrival)
    (self.policy, quantizes) = (policy, quantization > .none)
  }

  var prediction: Matrix { layers.head.prediction }

  var predictionGradient: Matrix {
    precondition(policy.hasBackward, "the network keeps nothing for backward")
    return layers.head.predictionGradient
  }

  var recorder: TensorRecorder? {
    get { runner.recorder }
    set { runner.recorder = newValue }
  }

  func forward(_ input: NetworkInput) {
    layers.encoder.place(mask: input.mask)
    recorder?.beginForward()
    parameters.update(runner.pool)
    let views = [input.view1, input.view2]
    if parameters.haveArrived && !quantizes { forwardBySlabs(views) } else { forwardByLayers(views) }
    hasRun = true
  }

  /// All layers over one stretch after the other.
  private func forwardBySlabs(_ views: [Matrix]) {
    let (encoder, decoder) = (layers.encoder, layers.decoder)
    runner.forEachSlab(of: encoder.tokens) { source in
      let pass = source.over(decoder.tokens)
      encoder.embed(views, source)
      for block in 0..<encoder.stack.depth { encoder.stack.forward(block: block, source) }
      decoder.embed(encoder.stack.features(source), source)
      for block in 0..<decoder.stack.depth { decoder.stack.forward(block: block, pass) }
      layers.head.forward(decoder.stack.features(pass), pass)
    }
  }

  /// All slabs through one layer after the other: while parameters arrive, no slab waits for the last ones before another has used
  /// the first; and the weights of one block at a time are quantised, for all slabs. The same results.
  private func forwardByLayers(_ views: [Matrix]) {
    let (encoder, decoder) = (layers.encoder, layers.decoder)
    runner.forEachSlab(of: encoder.tokens) { pass in encoder.embed(views, pass) }
    encoder.stack.forward(runner)
    runner.forEachSlab(of: encoder.tokens) { pass in decoder.embed(encoder.stack.features(pass), pass) }
    decoder.stack.forward(runner)
    runner.forEachSlab(of: decoder.tokens) { pass in
      pass.awaitParameters(layers.head.range)
      layers.head.forward(decoder.stack.features(pass), pass)
    }
  }

  func backward(adding: Bool, finished: (Range<Int>) -> Void) {
    precondition(policy.hasBackward && hasRun, "backward needs a forward pass of a network that keeps its activations")
    recorder?.beginBackward()
    runner.addsGradients = adding
    layers.decoder.backward(from: layers.head, runner, finished: finished)
    layers.encoder.backward(from: layers.decoder, runner, finished: finished)
  }

  func imageGradients() -> [[Float]] {
    precondition(policy.hasBackward, "the network keeps no gradients")
    return layers.encoder.imageGradients()
  }

  func patchEmbeddings(of images: Matrix) -> [Float] {
    parameters.update(runner.pool)
    return layers.encoder.patchEmbeddings(of: images)
  }
}
