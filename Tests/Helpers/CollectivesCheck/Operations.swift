import ArgumentParser
import Collectives
import Runtime

/// Checks every collective operation against what it must give, on every rank.
struct Operations: ParsableCommand {
  func run() {
    runAsRank { communicator in
      try checkFlags(communicator)
      try checkOrderedSum(communicator)
      try checkGather(communicator)
      try checkBroadcast(communicator)
      try checkSum(communicator)
      try checkExchange(communicator)
      try checkSlices(communicator)
      try checkCollecting(communicator)
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

private func checkGather(_ communicator: any Communicator) throws {
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

/// Rank s sends to rank d s + 2 d floats of value 100 s + d, with gaps.
private func checkExchange(_ communicator: any Communicator) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  let counts = (0..<size).map { rank + 2 * $0 }
  let receiveCounts = (0..<size).map { $0 + 2 * rank }
  let spacing = 3 * size + 1
  let offsets = (0..<size).map { $0 * spacing }
  var send = [Float](repeating: -1, count: size * spacing)
  for d in 0..<size { for i in 0..<counts[d] { send[offsets[d] + i] = Float(100 * rank + d) } }
  var receive = [Float](repeating: -2, count: size * spacing)
  try receive.withUnsafeMutableBufferPointer { target in
    try communicator.exchange(
      send, counts: counts, offsets: offsets, into: target.baseAddress!, counts: receiveCounts, offsets: offsets)
  }
  var expected = [Float](repeating: -2, count: size * spacing)
  for s in 0..<size { for i in 0..<receiveCounts[s] { expected[offsets[s] + i] = Float(100 * s + rank) } }
  try expect(receive == expected, "exchange", communicator)
}

private func checkSlices(_ communicator: any Communicator) throws {
  let counts = (0..<communicator.size).map { $0 + 1 }
  let offsets = (0..<communicator.size).map { $0 * ($0 + 1) / 2 }
  var values = [Float](repeating: -1, count: counts.reduce(0, +))
  for i in 0..<counts[communicator.rank] { values[offsets[communicator.rank] + i] = Float(communicator.rank) }
  try values.withUnsafeMutableBufferPointer {
    try communicator.gatherSlices($0.baseAddress!, counts: counts, offsets: offsets)
  }
  let expected = (0..<communicator.size).flatMap { Array(repeating: Float($0), count: $0 + 1) }
  try expect(values == expected, "gatherSlices", communicator)
  var doubles = expected.map { $0 == Float(communicator.rank) ? Double($0) : -1 }
  try doubles.withUnsafeMutableBufferPointer {
    try communicator.gatherSlices($0.baseAddress!, counts: counts, offsets: offsets)
  }
  try expect(doubles == expected.map(Double.init), "gatherSlices of doubles", communicator)
}

/// Rank 0 gets all slices of 0, 1, 2, ... and gives them away again; one of the slices is empty.
private func checkCollecting(_ communicator: any Communicator) throws {
  let count = max(3, 7 * communicator.size - 8)
  let slices = Slices(count: count, size: communicator.size, unit: 7)
  let all = (0..<count).map(Float.init)
  let own = slices.ranges[communicator.rank]
  var slice = Array(all[own]) + [-1]
  var whole = [Float](repeating: -2, count: all.count)
  let isFirst = communicator.rank == 0
  try slice.withUnsafeMutableBufferPointer { slice in
    try whole.withUnsafeMutableBufferPointer { whole in
      try slices.collect(slice.baseAddress!, into: isFirst ? whole.baseAddress! : nil, by: communicator)
    }
  }
  try expect(whole == (isFirst ? all : whole.map { _ in -2 }), "Slices.collect", communicator)
  for index in whole.indices { whole[index] += 1 }
  try slice.withUnsafeMutableBufferPointer { slice in
    try slices.distribute(isFirst ? whole : nil, into: slice.baseAddress!, by: communicator)
  }
  try expect(slice == all[own].map { $0 + 1 } + [-1], "Slices.distribute", communicator)
}
