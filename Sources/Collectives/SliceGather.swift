import Runtime

/// Gives all ranks what each owns of a flat buffer, from its start, where the next forward begins: slices between hosts, then
/// parts within each host.
package final class SliceGather {
  private let values: AlignedBuffer<Float>
  private let ownership: Ownership
  private let groups: HostGroups

  /// Plans to gather `values`, [ownership.count].
  package init(of values: AlignedBuffer<Float>, ownership: Ownership, groups: HostGroups) {
    precondition(values.count == ownership.count, "\(values.count) values where \(ownership.count) are owned")
    precondition(ownership.layout == groups.layout, "owners in other places than the ranks")
    (self.values, self.ownership, self.groups) = (values, ownership, groups)
  }

  /// Gathers, and waits for all of it.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package func run() throws(Failure) { try run(arrival: nil, rest: nil) }

  /// Gathers bucket after bucket.
  ///
  /// - Parameters:
  ///   - arrival: is told up to which element all values are there.
  ///   - rest: see ``BucketPipeline/run(_:rest:)``.
  func run(arrival: ((Int) -> Void)?, rest: (() -> Void)?) throws(Failure) {
    guard ownership.size > 1 else { return }
    try BucketPipeline.run(
      Work(
        gather: self, buckets: ownership.buckets.reversed(), arrival: arrival,
        depth: BucketPipeline.depth(of: ownership)), rest: rest)
  }

  private struct Work: BucketWork {
    let gather: SliceGather
    let buckets: [Ownership.Bucket]
    let arrival: ((Int) -> Void)?

    var bucketCount: Int { buckets.count }
    let stepCount = 3
    let depth: Int

    func isReady(_ bucket: Int) -> Bool { true }

    func begin(step: Int, of bucket: Int) throws(Failure) -> (any PendingTransfer)? {
      switch step {
      case 0: return try gather.startBetweenHosts(buckets[bucket])
      case 1: return try gather.startWithinHost(buckets[bucket])
      default:
        arrival?(buckets[bucket].range.upperBound)
        return nil
      }
    }
  }

  private func startBetweenHosts(_ bucket: Ownership.Bucket) throws(Failure) -> (any PendingTransfer)? {
    let (layout, number) = (groups.layout, groups.number)
    guard layout.hosts.count > 1, number < layout.ownersOfHost else { return nil }
    return try groups.peers.startGather(BufferSlices(values, layout.hosts.map { bucket.slices[$0[number]] }))
  }

  private func startWithinHost(_ bucket: Ownership.Bucket) throws(Failure) -> (any PendingTransfer)? {
    guard groups.host.size > 1 else { return nil }
    return try groups.host.startGather(BufferSlices(values, Array(bucket.parts.prefix(groups.host.size))))
  }
}
