import Collectives
import CroCoModel
import Runtime

/// How many elements ranks exchange at once, where hosts differ: measured on the links at hand when a run begins. It does not
/// touch results.
enum BucketLength {
  // From what fits the cache on.
  private static let candidates = [1 << 19, 1 << 20, 1 << 21, Ownership.longestBucket]
  // What is exchanged with each: 64 MB.
  private static let sample = 1 << 24

  /// The fastest length, the same on every rank; nil, which is the default, where one host has all ranks or the network is so
  /// small that nothing is gained.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where communication fails.
  static func choose(
    for parameters: ParameterStore, _ compute: ComputeConfiguration, _ groups: HostGroups, _ pool: WorkerPool
  ) throws(Failure) -> Int? {
    guard groups.layout.hosts.count > 1, compute.reduction == .reproducible, parameters.count >= 2 * sample else {
      return nil
    }
    let scratch = AlignedBuffer<Float>(count: sample)
    var seconds: [Double] = []
    for length in candidates {
      let ownership = Ownership(
        count: sample, layout: groups.layout, unit: GradientNorm.blockLength, bucketLength: length)
      let sum = try GradientSum(
        of: scratch, ownership: ownership, microBatchCount: groups.layout.size, wire: compute.gradientWire,
        groups: groups, workers: pool)
      try groups.communicator.barrier()
      let clock = ContinuousClock()
      let start = clock.now
      sum.accumulate()
      try sum.sumToAll()
      seconds.append((clock.now - start) / .seconds(1))
    }
    try groups.communicator.sumInRankOrder(&seconds)
    let fastest = seconds.indices.min { seconds[$0] < seconds[$1] }
    return fastest.map { candidates[$0] }
  }
}
