/// The fixed binary tree in which the gradients of a step's micro-batches are summed, whatever the number of ranks.
///
/// The leaves are the micro-batches 0 ..< `leafCount`. A node of height j covers the leaves 2^j a ..< 2^j (a + 1) that
/// exist; a node whose right child has no leaves is its left child. A node is known by the range of its leaves.
package struct SumTree: Equatable {
  /// One addition of a schedule: buffer `target` += buffer `source`.
  package struct Addition: Equatable {
    package let target: Int
    package let source: Int
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

  /// The additions, in order, that sum neighbouring `nodes` as far as the tree allows.
  ///
  /// Buffers are numbered as the nodes; a sum takes the place of its left term, so a complete sum ends in buffer 0.
  package func additions(over nodes: [Range<Int>]) -> [Addition] {
    var additions: [Addition] = []
    var open: [(node: Range<Int>, buffer: Int)] = []
    for (buffer, node) in nodes.enumerated() {
      var current = (node: node, buffer: buffer)
      while let left = open.last, areSiblings(left.node, current.node) {
        additions.append(Addition(target: left.buffer, source: current.buffer))
        open.removeLast()
        current = (left.node.lowerBound..<current.node.upperBound, left.buffer)
      }
      open.append(current)
    }
    return additions
  }
}
