/// The fixed binary tree in which the gradients of a step's micro-batches are summed, whatever the number of ranks.
///
/// The leaves are the micro-batches 0 ..< `leafCount`. A node of height j covers the leaves 2^j a ..< 2^j (a + 1) that
/// exist; a node whose right child has no leaves is its left child. A node is known by the range of its leaves.
package struct SumTree: Equatable {
  /// One addition of a schedule: buffer `target` += buffer `source`.
  package struct Addition: Equatable {
    package let target: Int
    package let source: Int
    /// Whether the sum is that of all micro-batches.
    package let isRoot: Bool
  }

  /// How neighbouring nodes are summed.
  package struct Schedule: Equatable {
    /// The additions, in order, between buffers that are numbered as the nodes.
    package fileprivate(set) var additions: [Addition] = []
    /// The buffers of the nodes that they come to, in order: a sum takes the place of its left term.
    package fileprivate(set) var results: [Int] = []
  }

  /// The number of micro-batches of a step.
  package let leafCount: Int
  private let isChain: Bool

  package init(leafCount: Int) { self.init(leafCount: leafCount, isChain: false) }

  /// The degenerate tree that adds one leaf after the other; any neighbours have a common node.
  package static func chain(leafCount: Int) -> SumTree { SumTree(leafCount: leafCount, isChain: true) }

  private init(leafCount: Int, isChain: Bool) {
    precondition(leafCount > 0, "a step needs at least one micro-batch, not \(leafCount)")
    self.leafCount = leafCount
    self.isChain = isChain
  }

  /// Whether `left` and `right` are the two children of one node.
  package func areSiblings(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
    if isChain { return left.upperBound == right.lowerBound }
    // A left child with a sibling is whole: its size is a power of two, and its parent starts where it does.
    let size = left.count
    return left.upperBound == right.lowerBound && left.lowerBound % (2 * size) == 0
      && right.upperBound == min(left.lowerBound + 2 * size, leafCount)
  }

  /// The fewest nodes that cover exactly `leaves`, in order.
  package func nodes(covering leaves: Range<Int>) -> [Range<Int>] {
    var open: [Range<Int>] = []
    for leaf in leaves {
      var node = leaf..<leaf + 1
      while let left = open.last, areSiblings(left, node) {
        open.removeLast()
        node = left.lowerBound..<node.upperBound
      }
      open.append(node)
    }
    return open
  }

  /// Sums neighbouring `nodes` as far as the tree allows.
  package func schedule(over nodes: [Range<Int>]) -> Schedule {
    var schedule = Schedule()
    var open: [(node: Range<Int>, buffer: Int)] = []
    for (buffer, node) in nodes.enumerated() {
      var current = (node: node, buffer: buffer)
      while let left = open.last, areSiblings(left.node, current.node) {
        let sum = left.node.lowerBound..<current.node.upperBound
        schedule.additions.append(Addition(target: left.buffer, source: current.buffer, isRoot: isRoot(sum)))
        open.removeLast()
        current = (sum, left.buffer)
      }
      open.append(current)
    }
    schedule.results = open.map(\.buffer)
    return schedule
  }

  /// Whether a node has all leaves.
  package func isRoot(_ node: Range<Int>) -> Bool { node.count == leafCount }
}
