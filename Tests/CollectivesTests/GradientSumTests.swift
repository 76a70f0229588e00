import Collectives
import Runtime
import Testing

@Suite("The sum of gradients in a single process")
struct GradientSumTests {
  private let count = 100_003

  private func leaf(_ index: Int) -> [Float] {
    var stream = RandomStream(seed: 11, purpose: .test, index: index)
    return (0..<count).map { stream.nextUniform(-1...1) * Float(1 << ($0 % 10)) }
  }

  /// A sum of so many micro-batches with its gradient buffer.
  private func makeSum(
    _ microBatchCount: Int, bucketLength: Int? = nil, _ reduction: Reduction = .reproducible,
    wire: GradientWire = .fp32,
    workers: WorkerPool? = nil
  ) throws -> (sum: GradientSum, gradients: AlignedBuffer<Float>) {
    let gradients = AlignedBuffer<Float>(count: count)
    let sum = try GradientSum(
      of: gradients, ownership: Ownership(count: count, layout: RankLayout(size: 1), bucketLength: bucketLength),
      microBatchCount: microBatchCount, reduction: reduction, wire: wire,
      groups: HostGroups(SingleProcessCommunicator()), workers: workers)
    return (sum, gradients)
  }

  private func reduce(_ sum: GradientSum, _ gradients: AlignedBuffer<Float>, leaves: [[Float]]) throws -> [Float] {
    for leaf in leaves {
      leaf.withUnsafeBufferPointer { gradients.pointer.update(from: $0.baseAddress!, count: count) }
      sum.accumulate()
    }
    try sum.sumToAll()
    return Array(gradients.elements)
  }

  @Test("Seven micro-batches are summed as ((0 1)(2 3))((4 5) 6), step after step, with any workers and buckets")
  func sumsInTreeOrder() throws {
    let leaves = (0..<7).map(leaf)
    let expected = (0..<count).map { i in
      let pairs = [leaves[0][i] + leaves[1][i], leaves[2][i] + leaves[3][i], leaves[4][i] + leaves[5][i]]
      return (pairs[0] + pairs[1]) + (pairs[2] + leaves[6][i])
    }
    for (workers, bucketLength) in [(nil, nil), (WorkerPool(workerCount: 3), nil), (nil, 10_000), (nil, 16)] {
      let (sum, gradients) = try makeSum(7, bucketLength: bucketLength, workers: workers)
      #expect(try reduce(sum, gradients, leaves: leaves) == expected)
      #expect(try reduce(sum, gradients, leaves: leaves) == expected)
    }
  }

  @Test("For a bf16 wire every node but the root is rounded, and sums are fp32")
  func rounding() throws {
    func rounded(_ value: Float) -> Float {
      let bits = value.bitPattern
      return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
    }
    let leaves = (0..<3).map(leaf)
    let expected = (0..<count).map { i in
      let leaves = leaves.map { rounded($0[i]) }
      return rounded(leaves[0] + leaves[1]) + leaves[2]
    }
    for bucketLength in [nil, 10_000] {
      let (sum, gradients) = try makeSum(3, bucketLength: bucketLength, wire: .bf16)
      #expect(try reduce(sum, gradients, leaves: leaves) == expected)
    }
    let (single, gradients) = try makeSum(1, wire: .bf16)
    #expect(try reduce(single, gradients, leaves: [leaves[0]]) == leaves[0])
  }

  @Test("Plain summation adds the micro-batches in order")
  func sumsInOrder() throws {
    let leaves = (0..<5).map(leaf)
    let (sum, gradients) = try makeSum(5, .mpi)
    let expected = (0..<count).map { i in leaves.dropFirst().reduce(leaves[0][i]) { $0 + $1[i] } }
    #expect(try reduce(sum, gradients, leaves: leaves) == expected)
  }

  @Test("Buckets are ready one by one as backward reports ranges, before the micro-batch is accumulated")
  func readiness() throws {
    let (sum, gradients) = try makeSum(2, bucketLength: 25_008)
    let leaves = (0..<2).map(leaf)
    for _ in 0..<2 {
      // Four buckets, from the end: 75,024 ..< 100,003, 50,016 ..<, 25,008 ..<, 0 ..<.
      leaves[0].withUnsafeBufferPointer { gradients.pointer.update(from: $0.baseAddress!, count: count) }
      sum.accumulate()
      leaves[1].withUnsafeBufferPointer { gradients.pointer.update(from: $0.baseAddress!, count: count) }
      let reports = [(90_000..<100_003, 0), (60_000..<80_000, 0), (80_000..<90_000, 1), (10..<60_000, 3), (0..<10, 4)]
      for (range, ready) in reports {
        sum.finished(range)
        #expect(sum.readyBucketCount == ready, "after \(range)")
      }
      sum.accumulate()
      try sum.sumToOwners()
      #expect(sum.readyBucketCount == 0)
      #expect(Array(gradients.elements) == (0..<count).map { leaves[0][$0] + leaves[1][$0] })
    }
  }

  @Test("A bucket that is complete waits for those before it, and what is not reported is complete at the end")
  func readinessInOrder() throws {
    let (sum, _) = try makeSum(1, bucketLength: 25_008)
    sum.finished(0..<75_024)
    #expect(sum.readyBucketCount == 0)
    sum.finished(75_024..<100_000)
    #expect(sum.readyBucketCount == 0)
    sum.accumulate()
    #expect(sum.readyBucketCount == 4)
  }

  @Test(
    "Buffers are as many as the binary counter needs: none for one micro-batch",
    arguments: [(1, 0), (2, 1), (3, 1), (4, 2), (7, 2), (8, 3), (9, 3), (16, 4)])
  func bufferCount(microBatches: Int, buffers: Int) throws {
    #expect(try makeSum(microBatches).sum.bufferBytes == buffers * count * 4)
    #expect(
      try GradientSum.needs(.reproducible, layout: RankLayout(size: 1), microBatchCount: microBatches).buffers
        == buffers)
  }

  @Test("An estimate is that of the rank that needs the most")
  func needs() throws {
    // Of eight micro-batches on three ranks the last has 5, 6 and 7: it keeps 5 and 6, and sends 5 and 6 + 7.
    func needs(_ reduction: Reduction, _ hosts: [Int]) throws -> (buffers: Int, sent: Int) {
      try GradientSum.needs(reduction, layout: RankLayout(hosts: hosts), microBatchCount: 8)
    }
    #expect(try needs(.reproducible, [0, 1, 2]) == (2, 2))
    #expect(try needs(.reproducible, [0, 1, 2, 3]) == (1, 1))
    // Two hosts with two ranks each have one node each, 0 ..< 4 and 4 ..< 8.
    #expect(try needs(.reproducible, [0, 0, 1, 1]) == (1, 1))
    #expect(try needs(.mpi, [0, 1, 2]) == (1, 2))
    #expect(throws: Failure.self) { try needs(.mpi, Array(0..<9)) }
  }

  @Test("Ranks get neighbouring shares that differ by one at most, or a sentence where there are too many of them")
  func shares() throws {
    for (size, count, expected) in [(3, 6, [2, 2, 2]), (3, 4, [1, 1, 2]), (3, 8, [2, 3, 3]), (4, 4, [1, 1, 1, 1])] {
      let shares = try (0..<size).map { try RankLayout(size: size).microBatches(of: $0, count: count) }
      #expect(shares.map(\.count) == expected && shares.flatMap(Array.init) == Array(0..<count))
    }
    #expect(
      throws: Failure(
        .configuration, "5 ranks cannot share the 4 micro-batches of a step.",
        hint: "Start at most 4, or change global_batch_size or micro_batch_size.")
    ) { try RankLayout(size: 5).microBatches(of: 0, count: 4) }
  }
}
