import Collectives
import Runtime

/// The time that the ranks need to sum their gradients.
package struct ReductionBenchmark: Sendable, Equatable, Encodable {
  /// One way to reduce.
  package struct Entry: Sendable, Equatable, Encodable {
    /// "reproducible" or "mpi".
    package let reduction: String
    /// Floats that are communicated at once; nil where MPI decides.
    package let bucketLength: Int?
    /// Milliseconds of the slowest rank.
    package let milliseconds: BenchmarkFigures
    /// What a rank sends and receives, in GB a second, counted as 2 (R - 1) / R of the gradients each way.
    package let gigabytesPerSecond: BenchmarkFigures?
  }

  /// Where it was measured.
  package let machine: BenchmarkMachine
  /// Gradients.
  package let count: Int
  /// Measured reductions of each entry.
  package let repetitions: Int
  /// The reproducible reduction with each bucket length, then MPI's.
  package let entries: [Entry]

  /// Measures with one micro-batch a rank. Collective: the entries are the same on every rank.
  ///
  /// - Throws: the same `Failure` on every rank where communication fails.
  package init(
    count: Int, bucketLengths: [Int], repetitions: Int = 5, threads: Int? = nil, communicator: any Communicator
  ) throws(Failure) {
    precondition(count > 0 && repetitions > 0 && bucketLengths.allSatisfy { $0 > 0 }, "nothing to measure")
    machine = try BenchmarkMachine(threads: threads, slabs: nil, communicator: communicator)
    self.count = count
    self.repetitions = repetitions
    let pool = WorkerPool(workerCount: machine.threads)
    let groups = try HostGroups(communicator)
    let gradients = AlignedBuffer<Float>(count: count)
    for index in 0..<count { gradients.pointer[index] = Float(index % 7 - 3) * 1e-3 }
    let sent = 2e-9 * 4 * Double(count) * Double(communicator.size - 1) / Double(communicator.size)
    var entries: [Entry] = []
    let cases: [(Reduction, Int?)] = bucketLengths.map { (.reproducible, $0) } + [(.mpi, nil)]
    for (reduction, bucketLength) in cases {
      let ownership = Ownership(count: count, layout: groups.layout, bucketLength: bucketLength)
      let sum = try GradientSum(
        of: gradients, ownership: ownership, microBatchCount: communicator.size, reduction: reduction,
        groups: groups, workers: pool)
      var times: [Double] = []
      for repetition in 0...repetitions {
        sum.accumulate()
        try communicator.barrier()
        let time = try Stopwatch.milliseconds { () throws(Failure) in try sum.sumToAll() }
        if repetition > 0 { times.append(time) }
      }
      let figures = BenchmarkFigures(times: try communicator.slowest(times))
      entries.append(
        Entry(
          reduction: reduction.rawValue, bucketLength: bucketLength,
          milliseconds: figures, gigabytesPerSecond: communicator.size > 1 ? figures.rate(of: sent) : nil))
    }
    self.entries = entries
  }
}
