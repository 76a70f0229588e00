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
  private var hasRun = false

  init(
    _ configuration: ModelConfiguration, batchSize: Int, slabCount: Int, _ store: ParameterStore, _ pool: WorkerPool,
    _ policy: ActivationPolicy
  ) {
    let parameters = NetworkParameters<Element>(store)
    (layers, memory) = NetworkPlan.realize(policy, parameters) { plan in
      NetworkLayers(
        configuration, batchSize: batchSize, slabCount: slabCount, workerCount: pool.workerCount, in: plan)
    }
    self.parameters = parameters
    runner = SlabRunner(pool, scratch: layers.scratch, arrival: store.arrival)
    self.policy = policy
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
    runner.forEachSlab(of: layers.encoder.tokens) { pass in
      let encoded = layers.encoder.forward(views, pass)
      let decoded = layers.decoder.forward(encoded, pass)
      pass.awaitParameters(layers.head.range)
      layers.head.forward(decoded, pass.over(layers.decoder.tokens))
    }
    hasRun = true
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
