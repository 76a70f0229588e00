internal import CTransformer
import Runtime

/// A node of the tree, over a range of the elements.
struct NodeSlice {
  let buffer: AlignedBuffer<Float>
  /// What is added to an element's number to find it in ``buffer``.
  var offset = 0

  /// The element of that number.
  func pointer(at element: Int) -> UnsafeMutablePointer<Float> { buffer.pointer + (element + offset) }
}

/// One level of a sum over ranks: the members of a group send each other slices of their nodes, and each adds up what it
/// receives of its own slice, in the tree's order, while that is in the cache.
///
/// A member sends of each of its nodes what the others own.
final class NodeExchange {
  /// Memory of one bucket's exchange.
  struct Lane {
    fileprivate let send: AlignedBuffer<Float>?  // [slices, own nodes]; nil: the one node lies in its place
    fileprivate let receive: AlignedBuffer<Float>  // [all nodes, own slice]
    fileprivate let narrow: (send: AlignedBuffer<UInt16>, receive: AlignedBuffer<UInt16>)?  // the same on a bf16 wire
  }

  private let group: any Communicator
  private let counts: [Int]  // nodes of each member
  private let schedule: SumTree.Schedule
  private let wire: GradientWire
  private let rounding: GradientWire

  /// Plans an exchange.
  ///
  /// - Parameters:
  ///   - nodes: those of each member, neighbours in the tree.
  ///   - wire: how nodes travel; with ``GradientWire/bf16`` they are rounded to that already.
  ///   - rounding: the wire between hosts, for which sums are rounded on either level.
  init(
    _ nodes: [[Range<Int>]], tree: SumTree, group: any Communicator, wire: GradientWire, rounding: GradientWire
  ) {
    self.group = group
    self.wire = wire
    self.rounding = rounding
    counts = nodes.map(\.count)
    schedule = tree.schedule(over: nodes.flatMap(\.self))
  }

  private var nodeCount: Int { counts.reduce(0, +) }
  private var ownCount: Int { counts[group.rank] }

  /// Memory for buckets of which all members together own at most `whole` elements, and this one `slice`.
  func makeLane(whole: Int, slice: Int) -> Lane {
    let isNarrow = wire == .bf16
    return Lane(
      send: ownCount > 1 && !isNarrow ? AlignedBuffer(count: ownCount * whole) : nil,
      receive: AlignedBuffer(count: nodeCount * slice),
      narrow: isNarrow ? (AlignedBuffer(count: ownCount * whole), AlignedBuffer(count: nodeCount * slice)) : nil)
  }

  /// The bytes of ``makeLane(whole:slice:)``.
  static func laneBytes(nodes: Int, ownNodes: Int, whole: Int, slice: Int, wire: GradientWire) -> Int {
    let (sent, received) = (ownNodes * whole, nodes * slice)
    return wire == .bf16 ? 2 * sent + 6 * received : 4 * (ownNodes > 1 ? sent : 0) + 4 * received
  }

  /// Begins to exchange `slices` of this member's `nodes`, one for each member.
  func start(
    _ nodes: [NodeSlice], slices: [Range<Int>], through lane: Lane
  ) throws(Failure) -> any PendingTransfer {
    let own = slices[group.rank].count
    if let narrow = lane.narrow {
      pack(nodes, slices, narrow.send.pointer) { croco_narrow($1, $0, $2) }
      return try group.startExchange(
        BufferSlices(narrow.send, counts: slices.map { $0.count * nodes.count }),
        into: BufferSlices(narrow.receive, counts: counts.map { $0 * own }))
    }
    let incoming = BufferSlices(lane.receive, counts: counts.map { $0 * own })
    guard let send = lane.send else {
      let (buffer, offset) = (nodes[0].buffer, nodes[0].offset)
      let places = slices.map { $0.isEmpty ? 0..<0 : $0.lowerBound + offset..<$0.upperBound + offset }
      return try group.startExchange(BufferSlices(buffer, places), into: incoming)
    }
    pack(nodes, slices, send.pointer) { $0.update(from: $1, count: $2) }
    return try group.startExchange(
      BufferSlices(send, counts: slices.map { $0.count * nodes.count }), into: incoming)
  }

  /// What all members' nodes come to over this member's `slice`, once the transfer is complete.
  func finish(_ slice: Range<Int>, through lane: Lane, workers: WorkerPool?) -> [NodeSlice] {
    let count = slice.count
    if let narrow = lane.narrow {
      // Where a number is in both formats, nothing is lost.
      croco_widen(narrow.receive.pointer, lane.receive.pointer, nodeCount * count)
    }
    let terms = (0..<nodeCount).map { lane.receive.pointer + $0 * count }
    BufferSum(buffers: terms, additions: schedule.additions, wire: rounding).run(0..<count, workers: workers)
    return schedule.results.map { NodeSlice(buffer: lane.receive, offset: $0 * count - slice.lowerBound) }
  }

  /// Copies for each slice in turn that of every node.
  private func pack<Element>(
    _ nodes: [NodeSlice], _ slices: [Range<Int>], _ start: UnsafeMutablePointer<Element>,
    _ copy: (UnsafeMutablePointer<Element>, UnsafePointer<Float>, Int) -> Void
  ) {
    var end = start
    for slice in slices {
      for node in nodes where !slice.isEmpty {
        copy(end, node.pointer(at: slice.lowerBound), slice.count)
        end += slice.count
      }
    }
  }
}
