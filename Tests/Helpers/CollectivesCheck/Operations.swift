import ArgumentParser
import Collectives
import Runtime

/// Checks every collective operation against what it must give, on every rank.
struct Operations: ParsableCommand {
  func run() {
    runAsRank { communicator in
      try checkFlags(communicator)
      try checkRaisedFlags(communicator)
      try checkOrderedSum(communicator)
      try checkGatherBytes(communicator)
      try checkBroadcast(communicator)
      try checkSum(communicator)
      try checkExchange(communicator)
      try checkGather(communicator)
      try checkOwnership(communicator)
      try checkParts(communicator)
      try communicator.barrier()
      try communicator.agree(on: nil)
      let value = try communicator.together { 17 }
      try expect(value == 17 && communicator.meetsEveryone(within: 10), "together and meetsEveryone", communicator)
      if communicator.rank == 0 { print("all operations hold on \(communicator.size) ranks") }
    }
  }
}

private func expect(_ condition: Bool, _ what: String, _ communicator: any Communicator) throws {
  if !condition { throw Failure(.internalError, "\(what) is wrong on rank \(communicator.rank).") }
}

private func checkFlags(_ communicator: any Communicator) throws {
  let flags = try communicator.combineFlags(1 << UInt64(communicator.rank) | 1 << 63)
  try expect(flags == (1 << UInt64(communicator.size)) - 1 | 1 << 63, "combineFlags", communicator)
}

/// Ranks that tell different numbers of rounds end with the flags of all, and hear of none that nobody raised.
private func checkRaisedFlags(_ communicator: any Communicator) throws {
  let all: UInt64 = (1 << UInt64(communicator.size)) - 1
  for _ in 0..<20 {
    let raised = RaisedFlags(communicator, rounds: 4)
    let own: UInt64 = 1 << UInt64(communicator.rank)
    for round in 0..<4 - communicator.rank % 3 {
      let heard = try raised.tell(round == 1 ? own : 0)
      try expect(heard & ~all == 0, "what is heard in round \(round)", communicator)
    }
    let flags = try raised.finish(communicator.rank == 0 ? 1 << 40 : own)
    try expect(flags == all | 1 << 40, "what is raised in the end", communicator)
  }
}

private func checkOrderedSum(_ communicator: any Communicator) throws {
  // 1e16 + 1 - 1e16 tells the order of additions.
  func term(_ rank: Int, _ i: Int) -> Double { [1e16, 1, -1e16, 3][(rank + i) % 4] }
  var values = (0..<5).map { term(communicator.rank, $0) }
  try communicator.sumInRankOrder(&values)
  let expected = (0..<5).map { i in (0..<communicator.size).map { term($0, i) }.reduce(0, +) }
  try expect(values == expected, "sumInRankOrder", communicator)
  var none: [Double] = []
  try communicator.sumInRankOrder(&none)
  try expect(none.isEmpty, "sumInRankOrder of nothing", communicator)
}

private func checkGatherBytes(_ communicator: any Communicator) throws {
  func bytes(_ rank: Int) -> [UInt8] { (0..<rank * 1000).map { UInt8(truncatingIfNeeded: $0 * 7 + rank) } }
  let gathered = try communicator.gatherBytes(bytes(communicator.rank))
  try expect(gathered == (0..<communicator.size).map(bytes), "gatherBytes", communicator)
  let nothing = try communicator.gatherBytes([])
  try expect(nothing == Array(repeating: [], count: communicator.size), "gatherBytes of nothing", communicator)
}

private func checkBroadcast(_ communicator: any Communicator) throws {
  for root in 0..<communicator.size {
    var values = (0..<3000).map { Int32($0 * 31 + communicator.rank) }
    try values.withUnsafeMutableBytes { try communicator.broadcast($0, from: root) }
    try expect(values == (0..<3000).map { Int32($0 * 31 + root) }, "broadcast from \(root)", communicator)
  }
}

private func checkSum(_ communicator: any Communicator) throws {
  // More than one piece of 2^22 floats; small integers add exactly in any order.
  let count = (1 << 22) + 5
  var values = (0..<count).map { Float($0 % 1000 + communicator.rank) }
  try values.withUnsafeMutableBufferPointer { try communicator.sum($0) }
  let ranks = communicator.size
  let holds = values.indices.allSatisfy { values[$0] == Float($0 % 1000 * ranks + ranks * (ranks - 1) / 2) }
  try expect(holds, "sum", communicator)
}

/// Rank s sends to rank d s + 2 d floats of value 100 s + d, with gaps; at once, or while it waits or asks.
private func checkExchange(_ communicator: any Communicator) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  let spacing = 3 * size + 1
  func slices(_ counts: [Int]) -> [Range<Int>] { counts.enumerated().map { $0 * spacing..<$0 * spacing + $1 } }
  let (outgoing, incoming) = (slices((0..<size).map { rank + 2 * $0 }), slices((0..<size).map { $0 + 2 * rank }))
  var expected = [Float](repeating: -2, count: size * spacing)
  for s in 0..<size { for i in incoming[s] { expected[i] = Float(100 * s + rank) } }
  for way in ["exchange", "startExchange and wait", "startExchange and isComplete"] {
    let receive = AlignedBuffer<Float>(count: size * spacing)
    for i in 0..<receive.count { receive.pointer[i] = -2 }
    let into = BufferSlices(receive, incoming)
    // The transfer alone holds what it sends.
    func send() -> BufferSlices<Float> {
      let send = AlignedBuffer<Float>(count: size * spacing)
      for d in 0..<size { for i in outgoing[d] { send.pointer[i] = Float(100 * rank + d) } }
      return BufferSlices(send, outgoing)
    }
    switch way {
    case "exchange": try communicator.exchange(send(), into: into)
    case "startExchange and wait": try communicator.startExchange(send(), into: into).wait()
    default:
      let transfer = try communicator.startExchange(send(), into: into)
      while try !transfer.isComplete() {}
      try expect(transfer.isComplete(), "a transfer that stays complete", communicator)
    }
    try expect(Array(receive.elements) == expected, way, communicator)
  }
}

/// Rank r's slice is r + 1 elements of value r; floats and doubles, at once and in the background, two at a time.
private func checkGather(_ communicator: any Communicator) throws {
  let ranges = (0..<communicator.size).map { $0 * ($0 + 1) / 2..<($0 + 1) * ($0 + 2) / 2 }
  let expected = ranges.enumerated().flatMap { rank, range in range.map { _ in Double(rank) } }
  func slices<Element: BinaryFloatingPoint & BitwiseCopyable>(_ type: Element.Type) -> BufferSlices<Element> {
    let buffer = AlignedBuffer<Element>(count: expected.count)
    for i in ranges[communicator.rank] { buffer.pointer[i] = Element(communicator.rank) }
    return BufferSlices(buffer, ranges)
  }
  let (floats, doubles) = (slices(Float.self), slices(Double.self))
  try communicator.gather(floats)
  try communicator.gather(doubles)
  try expect(floats.buffer.elements.map(Double.init) == expected, "gather of floats", communicator)
  try expect(Array(doubles.buffer.elements) == expected, "gather of doubles", communicator)
  let (first, second) = (slices(Float.self), slices(Double.self))
  let transfers = [try communicator.startGather(first), try communicator.startGather(second)]
  for transfer in transfers.reversed() { try transfer.wait() }
  try expect(first.buffer.elements.map(Double.init) == expected, "startGather of floats", communicator)
  try expect(Array(second.buffer.elements) == expected, "startGather of doubles", communicator)
}

/// Rank 0 gets all that the ranks own of 0, 1, 2, ... and gives it away again; some own nothing of some buckets.
private func checkOwnership(_ communicator: any Communicator) throws {
  let count = 7 * communicator.size + 60
  for length in [nil, 1, 14, count] {
    let layout = RankLayout(hosts: (0..<communicator.size).map { $0 % 2 })
    let groups = try HostGroups(communicator, layout: layout)
    let ownership = Ownership(count: count, layout: layout, unit: 7, bucketLength: length)
    let all = (0..<count).map(Float.init)
    let own = AlignedBuffer<Float>(count: ownership.count(of: communicator.rank))
    let whole = AlignedBuffer<Float>(count: count)
    func mine() -> [Float] { ownership.ranges(of: communicator.rank).flatMap { all[$0] } }
    for (i, value) in mine().enumerated() { own.pointer[i] = value }
    let isFirst = communicator.rank == 0
    try ownership.collect(own, into: isFirst ? whole : nil, by: communicator)
    try expect(Array(whole.elements) == (isFirst ? all : all.map { _ in 0 }), "Ownership.collect", communicator)
    for index in 0..<count { whole.pointer[index] += 1 }
    try ownership.distribute(isFirst ? whole : nil, into: own, by: communicator)
    try expect(Array(own.elements) == mine().map { $0 + 1 }, "Ownership.distribute", communicator)
    whole.clear()
    for range in ownership.ranges(of: communicator.rank) { for i in range { whole.pointer[i] = all[i] } }
    try SliceGather(of: whole, ownership: ownership, groups: groups).run()
    try expect(Array(whole.elements) == all, "SliceGather", communicator)
  }
}

/// The ranks of a host, those of equal number on all hosts, and a division in reverse order, each a group that works.
private func checkParts(_ communicator: any Communicator) throws {
  func members(_ group: any Communicator) throws -> [Int] {
    try group.gatherBytes(Array("\(communicator.rank)".utf8)).map { Int(String(decoding: $0, as: UTF8.self))! }
  }
  let hosts = try communicator.gatherBytes(Array(communicator.hostName.utf8))
  let neighbours = hosts.indices.filter { hosts[$0] == hosts[communicator.rank] }
  let host = try communicator.splitByHost()
  try expect(members(host) == neighbours && neighbours[host.rank] == communicator.rank, "splitByHost", communicator)
  let peers = try communicator.split(color: host.rank, key: communicator.rank)
  let number = { (rank: Int) in hosts[..<rank].count { $0 == hosts[rank] } }
  try expect(members(peers) == hosts.indices.filter { number($0) == host.rank }, "split by number", communicator)
  let half = try communicator.split(color: communicator.rank % 2, key: -communicator.rank)
  let expected = hosts.indices.filter { $0 % 2 == communicator.rank % 2 }.reversed()
  try expect(members(half) == Array(expected) && half.size == expected.count, "split with keys", communicator)
  try checkFlags(half)
  try checkExchange(half)
  try expect(half.meetsEveryone(within: 10), "meetsEveryone of a part", communicator)
  for part in [peers, half, host] { try part.finalize() }
}
