import Runtime

/// A rank's own part of the tree: sums its micro-batches' gradients as they come, in a binary counter of buffers.
///
/// The last micro-batch's gradients stay where they are: ``finish(_:)`` adds to a range of them what is to be added, as soon
/// as that range is complete. Then the last node lies in the gradient buffer itself, and the nodes before it in slots.
final class PartialSums {
  private let tree: SumTree
  private let leaves: Range<Int>
  private let gradients: AlignedBuffer<Float>
  private let workers: WorkerPool?
  private let wire: GradientWire
  private let slots: [AlignedBuffer<Float>]
  // The stored nodes that the last micro-batch leaves as they are, with the slots that hold them.
  private var stored: [(node: Range<Int>, slot: Int)] = []
  // The slots that are added to the last micro-batch, in order, and whether that gives the root; known once it alone is missing.
  private var addends: [(slot: Int, isRoot: Bool)] = []
  private var freeSlots: [Int]
  private var nextLeaf: Int

  /// Allocates what the counter can hold at once: log2 of the number of micro-batches, rounded up.
  init(
    tree: SumTree, leaves: Range<Int>, gradients: AlignedBuffer<Float>, wire: GradientWire, workers: WorkerPool?
  ) {
    precondition(!leaves.isEmpty, "a rank needs at least one micro-batch")
    self.tree = tree
    self.leaves = leaves
    self.gradients = gradients
    self.workers = workers
    self.wire = wire
    let slotCount = Self.slotCount(tree: tree, leaves: leaves)
    slots = (0..<slotCount).map { _ in AlignedBuffer(count: gradients.count) }
    freeSlots = Array((0..<slotCount).reversed())
    nextLeaf = leaves.lowerBound
  }

  /// Whether all micro-batches have come.
  var isComplete: Bool { nextLeaf == leaves.upperBound }
  /// Whether the last micro-batch alone is missing: its gradients are being computed.
  var isInLast: Bool { nextLeaf == leaves.upperBound - 1 }
  /// The number of buffers.
  var slotCount: Int { slots.count }
  /// The buffers of this rank's nodes, in order, of which the last is that of the gradients; valid after the last ``add()``.
  var nodes: [AlignedBuffer<Float>] { stored.map { slots[$0.slot] } + [gradients] }

  /// Takes the gradients of the next micro-batch; their buffer may then be overwritten, but not after the last one.
  func add() {
    precondition(!isComplete, "all \(leaves.count) micro-batches of this step have been added")
    if !isInLast { store(nextLeaf..<nextLeaf + 1) }
    nextLeaf += 1
    if isInLast { chooseAddends() }
  }

  /// Completes a range of the last node, once the last micro-batch's gradients are there.
  ///
  /// - Parameter workers: share the additions; nil adds in the calling thread.
  func finish(_ range: Range<Int>, workers: WorkerPool?) {
    var sum = BufferSum(buffers: [gradients.pointer] + addends.map { slots[$0.slot].pointer }, wire: wire)
    if !tree.isRoot(leaves.upperBound - 1..<leaves.upperBound) { sum.round(0) }
    for (index, addend) in addends.enumerated() { sum.add(index + 1, to: 0, isRoot: addend.isRoot) }
    sum.run(range, workers: workers)
  }

  /// Forgets all sums, for the next step.
  func reset() {
    freeSlots += stored.map(\.slot) + addends.map(\.slot)
    stored.removeAll(keepingCapacity: true)
    addends.removeAll(keepingCapacity: true)
    nextLeaf = leaves.lowerBound
  }

  /// Puts the gradients away as the node of `leaf`, added to what is stored as far as the tree allows.
  private func store(_ leaf: Range<Int>) {
    var leafSum = BufferSum(buffers: [gradients.pointer], wire: wire)
    leafSum.round(0)
    leafSum.run(0..<gradients.count, workers: workers)
    var node = leaf
    // The slot that holds `node`; nil while the gradient buffer does.
    var slot: Int?
    while let left = stored.last, tree.areSiblings(left.node, node) {
      stored.removeLast()
      let right = slot.map { slots[$0] } ?? gradients
      node = left.node.lowerBound..<node.upperBound
      var sum = BufferSum(buffers: [slots[left.slot].pointer, right.pointer], wire: wire)
      sum.add(1, to: 0, isRoot: tree.isRoot(node))
      sum.run(0..<gradients.count, workers: workers)
      if let slot { freeSlots.append(slot) }
      slot = left.slot
    }
    let home = slot ?? freeSlots.removeLast()
    if slot == nil { slots[home].pointer.update(from: gradients.pointer, count: gradients.count) }
    stored.append((node, home))
  }

  /// Takes from the stored nodes those that the last micro-batch is added to.
  private func chooseAddends() {
    var node = leaves.upperBound - 1..<leaves.upperBound
    while let left = stored.last, tree.areSiblings(left.node, node) {
      stored.removeLast()
      node = left.node.lowerBound..<node.upperBound
      addends.append((left.slot, tree.isRoot(node)))
    }
  }

  /// The most nodes that are stored at once.
  static func slotCount(tree: SumTree, leaves: Range<Int>) -> Int {
    (leaves.lowerBound..<leaves.upperBound).map {
      tree.nodes(covering: leaves.lowerBound..<$0).count
    }.max() ?? 0
  }
}
