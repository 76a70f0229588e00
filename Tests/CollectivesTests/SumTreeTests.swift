import Collectives
import Runtime
import Testing

@Suite("The tree of sums")
struct SumTreeTests {
  /// The definition, taken literally: the sum of the leaves of node (start, size) that exist.
  private func oracle(_ leaves: [Float], start: Int = 0, size: Int) -> Float? {
    guard start < leaves.count else { return nil }
    guard size > 1 else { return leaves[start] }
    let left = oracle(leaves, start: start, size: size / 2)!
    guard let right = oracle(leaves, start: start + size / 2, size: size / 2) else { return left }
    return left + right
  }

  private func oracle(_ leaves: [Float]) -> Float {
    var size = 1
    while size < leaves.count { size *= 2 }
    return oracle(leaves, size: size)!
  }

  private func apply(_ additions: [SumTree.Addition], to values: inout [Float]) {
    for addition in additions { values[addition.target] += values[addition.source] }
  }

  private func leaves(_ count: Int, case index: Int) -> [Float] {
    var stream = RandomStream(seed: 3, purpose: .test, epoch: count, index: index)
    return (0..<count).map { _ in stream.nextUniform(-1...1) * Float(1 << stream.nextIndex(below: 20)) }
  }

  @Test("Every division among ranks gives the same bits as the recursive definition", arguments: 1...48)
  func everyDivisionEqualsTheOracle(leafCount: Int) {
    let tree = SumTree(leafCount: leafCount)
    for size in 1...leafCount {
      let ranges = (0..<size).map { $0 * leafCount / size..<($0 + 1) * leafCount / size }
      for index in 0..<8 {
        let leaves = leaves(leafCount, case: index)
        var nodes: [Range<Int>] = []
        var sums: [Float] = []
        for range in ranges {
          // A rank's own nodes, each by the schedule over its leaves.
          for node in tree.nodes(covering: range) {
            var values = Array(leaves[node])
            apply(tree.schedule(over: node.map { $0..<$0 + 1 }).additions, to: &values)
            nodes.append(node)
            sums.append(values[0])
          }
        }
        apply(tree.schedule(over: nodes).additions, to: &sums)
        #expect(sums[0].bitPattern == oracle(leaves).bitPattern, "\(leafCount) leaves on \(size) ranks")
      }
    }
  }

  @Test("The order of additions shows in these numbers, so equal bits mean the same order")
  func orderShows() {
    let differing = (0..<8).filter { index in
      let leaves = leaves(12, case: index)
      return leaves.reduce(0, +) != oracle(leaves)
    }
    #expect(differing.count >= 4)
  }

  @Test("Nodes are the fewest aligned ones that cover a rank's leaves")
  func nodesOfRanges() {
    #expect(SumTree(leafCount: 8).nodes(covering: 0..<8) == [0..<8])
    #expect(SumTree(leafCount: 8).nodes(covering: 4..<8) == [4..<8])
    #expect(SumTree(leafCount: 6).nodes(covering: 0..<3) == [0..<2, 2..<3])
    #expect(SumTree(leafCount: 6).nodes(covering: 3..<6) == [3..<4, 4..<6])
    #expect(SumTree(leafCount: 6).nodes(covering: 0..<6) == [0..<6])
    #expect(SumTree(leafCount: 12).nodes(covering: 3..<9) == [3..<4, 4..<8, 8..<9])
    #expect(SumTree(leafCount: 5).nodes(covering: 4..<5) == [4..<5])
  }

  @Test("What a schedule comes to lies where it says, and only the sum of everything is the root")
  func results() {
    let tree = SumTree(leafCount: 6)
    let part = tree.schedule(over: [1..<2, 2..<3, 3..<4])
    #expect(part.results == [0, 1] && part.additions.map { [$0.target, $0.source] } == [[1, 2]])
    #expect(part.additions.allSatisfy { !$0.isRoot })
    let whole = tree.schedule(over: [0..<2, 2..<4, 4..<6])
    #expect(whole.results == [0] && whole.additions.map(\.isRoot) == [false, true])
  }

  @Test("A chain adds one leaf after the other")
  func chainIsSequential() {
    let leaves = leaves(13, case: 0)
    var values = leaves
    let tree = SumTree.chain(leafCount: 13)
    #expect(tree.nodes(covering: 5..<9) == [5..<9])
    apply(tree.schedule(over: leaves.indices.map { $0..<$0 + 1 }).additions, to: &values)
    #expect(values[0].bitPattern == leaves.dropFirst().reduce(leaves[0], +).bitPattern)
  }
}
