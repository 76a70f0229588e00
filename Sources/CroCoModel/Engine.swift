import Kernels
import Runtime

/// The passes of a network, whatever its precision; ``CroCoNet`` documents them.
protocol NetworkEngine: AnyObject {
  var prediction: Matrix { get }
  var recorder: TensorRecorder? { get set }
  func forward(view1: UnsafePointer<Float>, view2: UnsafePointer<Float>, mask: UnsafePointer<UInt8>)
  func backward(predictionGradient: UnsafePointer<Float>, adding: Bool)
  func imageGradients() -> (view1: [Float], view2: [Float])
  func patchEmbeddings(of images: UnsafePointer<Float>) -> [Float]
}

/// The network's layers and memory over one kind of operand: all there is, but for the choice of precision.
final class Engine<Element: MatrixElement>: NetworkEngine {
  let configuration: ModelConfiguration
  let layout: TokenLayout
  let pool: WorkerPool
  let policy: ActivationPolicy
  let parameters: NetworkParameters<Element>
  let memory: NetworkMemory<Element>
  let encoderPositions: AlignedBuffer<Int32>  // patch index of each encoder row
  let patchEmbedding: PatchEmbedding<Element>
  let encoder: [EncoderBlock<Element>]
  let encoderNorm: LayerNorm
  let decoderInput: DecoderInput<Element>
  let decoder: [DecoderBlock<Element>]
  let decoderNorm: LayerNorm
  let head: Linear<Element>
  var mask: UnsafePointer<UInt8>?
  /// Whether the backward pass under way adds to the gradients of the parameters.
  var addsGradients = false
  var recorder: TensorRecorder?

  private let arena: AlignedBuffer<Float>
  private let decoderPositions: AlignedBuffer<Int32>

  init(
    _ configuration: ModelConfiguration, _ layout: TokenLayout, _ store: ParameterStore, _ pool: WorkerPool,
    _ policy: ActivationPolicy
  ) {
    self.configuration = configuration
    self.layout = layout
    self.pool = pool
    self.policy = policy
    let parameters = NetworkParameters<Element>(store)
    self.parameters = parameters
    let plan = Arena()
    _ = NetworkMemory<Element>(plan, configuration, layout, workerCount: pool.workerCount, policy)
    arena = AlignedBuffer(count: plan.count)
    memory = NetworkMemory(
      Arena(arena.pointer, capacity: arena.count), configuration, layout, workerCount: pool.workerCount, policy)
    encoderPositions = AlignedBuffer(count: layout.encoderRows)
    decoderPositions = AlignedBuffer(count: layout.decoderRows)
    for row in 0..<layout.decoderRows { decoderPositions.pointer[row] = Int32(row % configuration.patchCount) }

    patchEmbedding = PatchEmbedding(configuration, in: parameters)
    let encoderRotary = Rotary(
      configuration, headSize: configuration.encoderDimension / configuration.encoderHeadCount,
      positions: encoderPositions.pointer)
    encoder = (0..<configuration.encoderDepth).map {
      EncoderBlock(
        "enc_blocks.\($0)", headCount: configuration.encoderHeadCount, rotary: encoderRotary, in: parameters)
    }
    encoderNorm = LayerNorm("enc_norm", in: store)
    decoderInput = DecoderInput(configuration, layout, in: parameters)
    let decoderRotary = Rotary(
      configuration, headSize: configuration.decoderDimension / configuration.decoderHeadCount,
      positions: decoderPositions.pointer)
    decoder = (0..<configuration.decoderDepth).map {
      DecoderBlock(
        "dec_blocks.\($0)", headCount: configuration.decoderHeadCount, rotary: decoderRotary, in: parameters)
    }
    decoderNorm = LayerNorm("dec_norm", in: store)
    head = Linear("prediction_head", in: parameters)
  }

  var prediction: Matrix { memory.prediction }

  func imageGradients() -> (view1: [Float], view2: [Float]) {
    guard let gradients = memory.gradients else { preconditionFailure("the network keeps no gradients") }
    return patchEmbedding.imageGradients(
      gradients.encoderStreams[configuration.encoderDepth % 2].operands, positions: encoderPositions.pointer, layout)
  }

  func patchEmbeddings(of images: UnsafePointer<Float>) -> [Float] {
    parameters.update(pool)
    return patchEmbedding.allTokens(images, batchSize: layout.batchSize)
  }
}
