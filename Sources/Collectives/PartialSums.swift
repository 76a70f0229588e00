internal import CTransformer
import Runtime

/// A rank's own part of the tree: sums its micro-batches' gradients as they come, in a binary counter of buffers.
///
/// After its last micro-batch the last node lies in the gradient buffer itself and the nodes before it in slots.
final class PartialSums {
  /// The nodes that are left when all micro-batches have come, in order; the last one is in the gradient buffer.
  let nodes: [Range<Int>]

  private let tree: SumTree
  private let leaves: Range<Int>
  private let workers: WorkerPool?
  private let slots: [AlignedBuffer<Float>]
  // The stored nodes, with the slots that hold them.
  private var stored: [(node: Range<Int>, slot: Int)] = []
  private var freeSlots: [Int]
  private var nextLeaf: Int

  /// Allocates what the counter can hold at once: log2 of the number of micro-batches, rounded up.
  init(tree: SumTree, leaves: Range<Int>, count: Int, workers: WorkerPool?) {
    precondition(!leaves.isEmpty, "a rank needs at least one micro-batch")
    self.tree = tree
    self.leaves = leaves
    self.workers = workers
    nodes = tree.nodes(covering: leaves)
    let slotCount = Self.slotCount(tree: tree, leaves: leaves)
    slots = (0..<slotCount).map { _ in AlignedBuffer(count: count) }
    freeSlots = Array((0..<slotCount).reversed())
    nextLeaf = leaves.lowerBound
  }

  /// Whether all micro-batches have come.
  var isComplete: Bool { nextLeaf == leaves.upperBound }
  /// The number of buffers.
  var slotCount: Int { slots.count }
  /// The buffers of all ``nodes`` but the last, in order; valid when ``isComplete``.
  var storedNodes: [UnsafeMutablePointer<Float>] { stored.map { slots[$0.slot].pointer } }

  /// Takes the gradient of the next micro-batch. After the last one, `gradients` holds a sum; else it may be cleared.
  func add(_ gradients: UnsafeMutableBufferPointer<Float>) {
    precondition(!isComplete, "all \(leaves.count) micro-batches of this step have been added")
    var node = nextLeaf..<nextLeaf + 1
    nextLeaf += 1
    // The slot that holds `node`; nil while the gradient buffer does.
    var slot: Int?
    while let left = stored.last, tree.areSiblings(left.node, node) {
      stored.removeLast()
      let right = slot.map { slots[$0].pointer } ?? gradients.baseAddress!
      if isComplete {
        addBuffer(slots[left.slot].pointer, to: gradients.baseAddress!, count: gradients.count)
        freeSlots.append(left.slot)
      } else {
        addBuffer(right, to: slots[left.slot].pointer, count: gradients.count)
        if let slot { freeSlots.append(slot) }
        slot = left.slot
      }
      node = left.node.lowerBound..<node.upperBound
    }
    guard !isComplete else { return }
    let home = slot ?? freeSlots.removeLast()
    if slot == nil { slots[home].pointer.update(from: gradients.baseAddress!, count: gradients.count) }
    stored.append((node, home))
  }

  /// Forgets all sums, for the next step.
  func reset() {
    freeSlots += stored.map(\.slot)
    stored.removeAll(keepingCapacity: true)
    nextLeaf = leaves.lowerBound
  }

  private func addBuffer(_ source: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int) {
    BufferSum(buffers: [target, source], additions: [SumTree.Addition(target: 0, source: 1)])
      .run(count: count, workers: workers)
  }

  /// The most nodes that are stored at once.
  static func slotCount(tree: SumTree, leaves: Range<Int>) -> Int {
    (leaves.lowerBound..<leaves.upperBound).map {
      tree.nodes(covering: leaves.lowerBound..<$0).count
    }.max() ?? 0
  }
}

/// Additions of whole buffers in a prescribed order, shared among workers by ranges of elements.
struct BufferSum {
  private let buffers: [UnsafeMutablePointer<Float>?]
  private let pairs: [Int32]

  /// Creates the additions between `buffers`, in order.
  init(buffers: [UnsafeMutablePointer<Float>], additions: [SumTree.Addition]) {
    self.buffers = buffers
    pairs = additions.flatMap { [Int32($0.target), Int32($0.source)] }
  }

  /// Adds the first `count` elements. The result does not depend on the workers.
  func run(count: Int, workers: WorkerPool?) {
    guard !pairs.isEmpty, count > 0 else { return }
    let piece = 1 << 16
    buffers.withUnsafeBufferPointer { buffers in
      pairs.withUnsafeBufferPointer { pairs in
        let add = { (task: Int, _: Int) in
          let start = task * piece
          croco_add_pairs(
            buffers.baseAddress, pairs.baseAddress, pairs.count / 2, start, min(start + piece, count))
        }
        let tasks = (count + piece - 1) / piece
        if let workers { workers.run(tasks, add) } else { for task in 0..<tasks { add(task, 0) } }
      }
    }
  }
}
