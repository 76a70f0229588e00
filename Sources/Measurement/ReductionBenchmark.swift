import Collectives
import Foundation
import Runtime

/// The time that the ranks need to sum their gradients and to give each other what they have updated.
package struct ReductionBenchmark: Sendable, Equatable, Encodable {
  /// One way to do it.
  package struct Entry: Sendable, Equatable, Encodable {
    /// "host first"; "flat": every rank with every rank, as if each had a host of its own; or "MPI_Allreduce", with ", HAN" where Open MPI
    /// is set to its hierarchical collectives.
    package let way: String
    /// "fp32" or "bf16"; how gradients travel between hosts.
    package let wire: String
    /// Floats that are communicated at once; nil where MPI decides.
    package let bucketLength: Int?
    /// Milliseconds of the slowest rank until each has the sums that it owns; of MPI's, until all have all.
    package let sum: BenchmarkFigures
    /// Milliseconds of the slowest rank until all have what each owns; nil of MPI's.
    package let gather: BenchmarkFigures?
    /// Bytes that leave the host with the most in the sum, and in the gather, counted; 0 on one host.
    package let sumBytes: Int, gatherBytes: Int
    /// GB a second that leave that host in both; nil on one host.
    package let gigabytesPerSecond: BenchmarkFigures?
  }

  /// Where it was measured.
  package let machine: BenchmarkMachine
  /// Hosts.
  package let hostCount: Int
  /// Gradients.
  package let count: Int
  /// Measured repetitions of each entry.
  package let repetitions: Int
  /// Croco's own ways with each wire and bucket length, then MPI's.
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
    let groups = try HostGroups(communicator)
    hostCount = groups.layout.hosts.count
    let runner = ReductionRunner(
      groups: groups, flat: try HostGroups(communicator, layout: RankLayout(hosts: Array(0..<communicator.size))),
      count: count, repetitions: repetitions, pool: WorkerPool(workerCount: machine.threads))
    var entries: [Entry] = []
    for wire in hostCount > 1 ? GradientWire.allCases : [.fp32] {
      for length in bucketLengths { entries.append(try runner.measure(isFlat: false, wire, length)) }
    }
    if hostCount > 1, hostCount < communicator.size {
      for length in bucketLengths { entries.append(try runner.measure(isFlat: true, .fp32, length)) }
    }
    self.entries = try entries + [runner.measureMPI()]
  }
}

/// Measures one way after the other over the same gradients.
private struct ReductionRunner {
  typealias Entry = ReductionBenchmark.Entry

  let groups: HostGroups
  let flat: HostGroups
  let gradients: AlignedBuffer<Float>
  let repetitions: Int
  let pool: WorkerPool

  init(groups: HostGroups, flat: HostGroups, count: Int, repetitions: Int, pool: WorkerPool) {
    (self.groups, self.flat, self.repetitions, self.pool) = (groups, flat, repetitions, pool)
    gradients = AlignedBuffer(count: count)
    for index in 0..<count { gradients.pointer[index] = Float(index % 7 - 3) * 1e-3 }
  }

  private var communicator: any Communicator { groups.communicator }

  /// Croco's own exchange.
  func measure(isFlat: Bool, _ wire: GradientWire, _ length: Int) throws(Failure) -> Entry {
    let groups = isFlat ? flat : groups
    let ownership = Ownership(count: gradients.count, layout: groups.layout, bucketLength: length)
    let sum = try GradientSum(
      of: gradients, ownership: ownership, microBatchCount: communicator.size, wire: wire, groups: groups, workers: pool
    )
    let gather = SliceGather(of: gradients, ownership: ownership, groups: groups)
    var (sums, gathers): ([Double], [Double]) = ([], [])
    for _ in 0...repetitions {
      sum.accumulate()
      try communicator.barrier()
      sums.append(try Stopwatch.milliseconds { () throws(Failure) in try sum.sumToOwners() })
      try communicator.barrier()
      gathers.append(try Stopwatch.milliseconds { () throws(Failure) in try gather.run() })
    }
    let times = (
      sum: try communicator.slowest(Array(sums.dropFirst())),
      gather: try communicator.slowest(Array(gathers.dropFirst()))
    )
    let bytes = try bytes(isFlat: isFlat, wire)
    return Entry(
      way: isFlat ? "flat" : "host first", wire: wire.rawValue, bucketLength: length,
      sum: BenchmarkFigures(times: times.sum), gather: BenchmarkFigures(times: times.gather), sumBytes: bytes.sum,
      gatherBytes: bytes.gather,
      gigabytesPerSecond: rate(bytes.sum + bytes.gather, zip(times.sum, times.gather).map { $0 + $1 }))
  }

  /// Plain MPI, as its settings make it.
  func measureMPI() throws(Failure) -> Entry {
    var times: [Double] = []
    for _ in 0...repetitions {
      try communicator.barrier()
      times.append(
        try Stopwatch.milliseconds { () throws(Failure) in try communicator.sum(gradients.elements) })
      // The sums would grow beyond all numbers.
      for index in 0..<gradients.count { gradients.pointer[index] = Float(index % 7 - 3) * 1e-3 }
    }
    // Open MPI's hierarchical collectives; others have a priority of 30.
    let priority = ProcessInfo.processInfo.environment["OMPI_MCA_coll_han_priority"].flatMap { Int($0) } ?? 0
    return Entry(
      way: priority > 30 ? "MPI_Allreduce, HAN" : "MPI_Allreduce", wire: GradientWire.fp32.rawValue, bucketLength: nil,
      sum: BenchmarkFigures(times: try communicator.slowest(Array(times.dropFirst()))), gather: nil, sumBytes: 0,
      gatherBytes: 0, gigabytesPerSecond: nil)
  }

  /// What leaves the host that sends the most.
  private func bytes(isFlat: Bool, _ wire: GradientWire) throws(Failure) -> (sum: Int, gather: Int) {
    let (layout, count) = (groups.layout, gradients.count)
    let hosts = layout.hosts.count
    guard hosts > 1 else { return (0, 0) }
    if isFlat {
      let most = layout.hosts.map { $0.count * (layout.size - $0.count) }.max() ?? 0
      let bytes = 4 * count / layout.size * most
      return (bytes, bytes)
    }
    let nodes = try GradientSum.needs(.reproducible, layout: layout, microBatchCount: layout.size).sent
    return (nodes * wire.bytes * count / hosts * (hosts - 1), 4 * count / hosts * (hosts - 1))
  }

  private func rate(_ bytes: Int, _ milliseconds: [Double]) -> BenchmarkFigures? {
    bytes > 0 ? BenchmarkFigures(times: milliseconds).rate(of: Double(bytes) * 1e-9) : nil
  }
}
