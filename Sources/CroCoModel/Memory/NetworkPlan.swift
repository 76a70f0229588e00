import Kernels
import Runtime

/// What layers are made from: where their parameters and buffers come from, and for how many tokens.
///
/// Making layers from a plan without memory tells what they need: their ``NetworkParameters/declarations``, and the floats of
/// both arenas. So a layer says once, in its initialiser, what it has.
struct NetworkPlan<Element: MatrixElement> {
  /// The layers' parameters.
  let parameters: NetworkParameters<Element>
  /// What is there from the forward pass on, until the backward pass has used it.
  let kept: Arena
  /// What the backward pass needs while it runs; without memory in a network that has none.
  let backward: Arena
  /// The weights of the block that is running, where they are quantised.
  let weights: Arena
  /// What is kept for backward.
  let policy: ActivationPolicy
  /// Which products of blocks' linear maps are of integers.
  let quantizationOfBlocks: Quantization
  /// Which products are of the maps made from this plan.
  private(set) var quantization = Quantization.none

  /// A plan that only counts and declares.
  init(_ policy: ActivationPolicy = .keep, quantizationOfBlocks: Quantization = .none) {
    (parameters, kept, backward, weights) = (NetworkParameters(), Arena(), Arena(), Arena())
    (self.policy, self.quantizationOfBlocks) = (policy, quantizationOfBlocks)
  }

  private init(_ plan: NetworkPlan, _ parameters: NetworkParameters<Element>, _ memory: PlannedMemory) {
    self.parameters = parameters
    (policy, quantizationOfBlocks) = (plan.policy, plan.quantizationOfBlocks)
    kept = Arena(memory.kept)
    backward = memory.backward.map { Arena($0) } ?? Arena()
    weights = Arena(memory.weights)
  }

  /// Makes layers over a store: first to count what they need, then with as much memory.
  static func realize<Layers>(
    _ policy: ActivationPolicy, _ parameters: NetworkParameters<Element>, quantizationOfBlocks: Quantization,
    _ make: (NetworkPlan) -> Layers
  ) -> (layers: Layers, memory: PlannedMemory) {
    let plan = NetworkPlan(policy, quantizationOfBlocks: quantizationOfBlocks)
    _ = make(plan)
    let memory = PlannedMemory(
      kept: AlignedBuffer(count: plan.kept.count),
      backward: policy.hasBackward ? AlignedBuffer(count: plan.backward.count) : nil,
      weights: AlignedBuffer(count: plan.weights.count))
    return (make(NetworkPlan(plan, parameters, memory)), memory)
  }

  /// The plan for blocks. Of the layers around them, a few per cent of the work, no map is quantised: the first and the last suffer
  /// most from it.
  var ofBlocks: NetworkPlan {
    var plan = self
    plan.quantization = quantizationOfBlocks
    return plan
  }

  /// The floats that were asked for, of those that exist.
  var count: Int { kept.count + weights.count + (policy.hasBackward ? backward.count : 0) }
}

/// The memory of a network's layers, which must live as long as they do.
struct PlannedMemory {
  let kept: AlignedBuffer<Float>
  let backward: AlignedBuffer<Float>?
  let weights: AlignedBuffer<Float>
}
