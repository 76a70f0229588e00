import Collectives
import Runtime
import Testing

@Suite("The gradient reducer of a single process")
struct GradientReducerTests {
  private let count = 100_003

  private func leaf(_ index: Int) -> [Float] {
    var stream = RandomStream(seed: 11, purpose: .test, index: index)
    return (0..<count).map { stream.nextUniform(-1...1) * Float(1 << ($0 % 10)) }
  }

  private func reduce(_ reducer: GradientReducer, leaves: [[Float]]) throws -> [Float] {
    let gradients = AlignedBuffer<Float>(count: count)
    for leaf in leaves {
      leaf.withUnsafeBufferPointer { gradients.pointer.update(from: $0.baseAddress!, count: count) }
      reducer.accumulate(gradients)
    }
    try reducer.reduce(gradients)
    return Array(gradients.elements)
  }

  @Test("Seven micro-batches are summed as ((0 1)(2 3))((4 5) 6), step after step, with any number of workers")
  func sumsInTreeOrder() throws {
    let leaves = (0..<7).map(leaf)
    let expected = (0..<count).map { i in
      let pairs = [leaves[0][i] + leaves[1][i], leaves[2][i] + leaves[3][i], leaves[4][i] + leaves[5][i]]
      return (pairs[0] + pairs[1]) + (pairs[2] + leaves[6][i])
    }
    for workers in [nil, WorkerPool(workerCount: 3)] {
      let reducer = try GradientReducer(
        communicator: SingleProcessCommunicator(), count: count, microBatchCount: 7, workers: workers)
      #expect(try reduce(reducer, leaves: leaves) == expected)
      #expect(try reduce(reducer, leaves: leaves) == expected)
    }
  }

  @Test("Plain summation adds the micro-batches in order")
  func sumsInOrder() throws {
    let leaves = (0..<5).map(leaf)
    let reducer = try GradientReducer(
      communicator: SingleProcessCommunicator(), reduction: .mpi, count: count, microBatchCount: 5)
    let expected = (0..<count).map { i in leaves.dropFirst().reduce(leaves[0][i]) { $0 + $1[i] } }
    #expect(try reduce(reducer, leaves: leaves) == expected)
  }

  @Test("A discarded step leaves no trace in the next one")
  func discardForgets() throws {
    let reducer = try GradientReducer(communicator: SingleProcessCommunicator(), count: count, microBatchCount: 3)
    let leaves = (0..<3).map(leaf)
    let expected = try reduce(reducer, leaves: leaves)
    let gradients = AlignedBuffer<Float>(count: count)
    gradients.pointer.update(repeating: 5, count: count)
    reducer.accumulate(gradients)
    reducer.accumulate(gradients)
    reducer.discard()
    #expect(try reduce(reducer, leaves: leaves) == expected)
  }

  @Test(
    "Buffers are as many as the binary counter needs: none for one micro-batch",
    arguments: [(1, 0), (2, 1), (3, 1), (4, 2), (7, 2), (8, 3), (9, 3), (16, 4)])
  func bufferCount(microBatches: Int, buffers: Int) throws {
    let reducer = try GradientReducer(
      communicator: SingleProcessCommunicator(), count: 1000, microBatchCount: microBatches)
    #expect(reducer.bufferBytes == buffers * 1000 * 4)
  }

  @Test("Ranks get equal neighbouring shares, or a sentence that says which numbers of ranks would do")
  func shares() throws {
    let shares = try (0..<3).map { try GradientReducer.microBatches(of: $0, size: 3, count: 6) }
    #expect(shares == [0..<2, 2..<4, 4..<6])
    #expect(
      throws: Failure(
        .configuration, "3 ranks cannot share the 4 micro-batches of a step evenly.",
        hint: "Start 1, 2 or 4 ranks, or change global_batch_size or micro_batch_size.")
    ) { try GradientReducer.microBatches(of: 0, size: 3, count: 4) }
  }
}
