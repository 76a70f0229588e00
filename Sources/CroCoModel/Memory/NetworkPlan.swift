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
  /// What is kept for backward.
  let policy: ActivationPolicy

  /// A plan that only counts and declares.
  init(_ policy: ActivationPolicy = .keep) {
    (parameters, kept, backward) = (NetworkParameters(), Arena(), Arena())
    self.policy = policy
  }

  private init(_ policy: ActivationPolicy, _ parameters: NetworkParameters<Element>, _ memory: PlannedMemory) {
    self.parameters = parameters
    self.policy = policy
    kept = Arena(memory.kept)
    backward = memory.backward.map { Arena($0) } ?? Arena()
  }

  /// Makes layers over a store: first to count what they need, then with as much memory.
  static func realize<Layers>(
    _ policy: ActivationPolicy, _ parameters: NetworkParameters<Element>, _ make: (NetworkPlan) -> Layers
  ) -> (layers: Layers, memory: PlannedMemory) {
    let plan = NetworkPlan(policy)
    _ = make(plan)
    let memory = PlannedMemory(
      kept: AlignedBuffer(count: plan.kept.count),
      backward: policy.hasBackward ? AlignedBuffer(count: plan.backward.count) : nil)
    return (make(NetworkPlan(policy, parameters, memory)), memory)
  }

  /// The floats that were asked for, of those that exist.
  var count: Int { kept.count + (policy.hasBackward ? backward.count : 0) }
}

/// The memory of a network's layers, which must live as long as they do.
struct PlannedMemory {
  let kept: AlignedBuffer<Float>
  let backward: AlignedBuffer<Float>?
}
