import Runtime

/// Which rank owns which elements of a flat buffer: a slice of each bucket.
///
/// A rank sums the gradients that it owns and, where the optimiser is sharded, holds their moments and updates their
/// parameters. What is computed does not depend on where buckets and slices begin.
package struct Ownership: Sendable, Equatable {
  /// A range of the buffer that is exchanged at once.
  package struct Bucket: Sendable, Equatable {
    /// Its elements.
    package let range: Range<Int>
    /// Each rank's part of ``range``, by rank: neighbours that together are all of it; some may be empty.
    package let slices: [Range<Int>]
  }

  /// The elements of the buffer.
  package let count: Int
  /// The number of ranks.
  package let size: Int
  /// The buckets in the order in which backward completes gradients: from the end of the buffer to its start.
  package let buckets: [Bucket]

  /// Divides `count` elements among `size` ranks.
  ///
  /// - Parameters:
  ///   - unit: buckets and slices start at its multiples.
  ///   - bucketLength: the elements of a bucket, made a whole number of units for each rank so that all own equally much;
  ///     nil: ``defaultBucketLength(ranks:)``, or for one rank the whole buffer.
  package init(count: Int, size: Int, unit: Int = 16, bucketLength: Int? = nil) {
    precondition(count >= 0 && size > 0 && unit > 0, "\(count) elements for \(size) ranks in units of \(unit)")
    let wanted = bucketLength ?? (size == 1 ? count : Self.defaultBucketLength(ranks: size))
    let length = max(1, (wanted + size * unit - 1) / (size * unit)) * size * unit
    self.count = count
    self.size = size
    buckets = stride(from: 0, to: count, by: length).reversed().map { start in
      let range = start..<min(start + length, count)
      let slices = (0..<size).map { rank in
        let slice = Partition.range(rank, of: size, count: range.count, grain: unit)
        return start + slice.lowerBound..<start + slice.upperBound
      }
      return Bucket(range: range, slices: slices)
    }
  }

  /// 512 KB of fp32 for each rank: enough for few messages, and little enough to be added in the cache; at most 16 MB in
  /// all, where the units of the slices allow it.
  package static func defaultBucketLength(ranks: Int) -> Int { min(ranks << 17, 1 << 22) }

  /// What `rank` owns, in the order of the buffer.
  package func ranges(of rank: Int) -> [Range<Int>] {
    buckets.reversed().map { $0.slices[rank] }.filter { !$0.isEmpty }
  }

  /// The number of elements that `rank` owns: those of its own buffers, such as moments, in which ``ranges(of:)`` lie one
  /// after the other.
  package func count(of rank: Int) -> Int { buckets.reduce(0) { $0 + $1.slices[rank].count } }
}

// Each is collective, and throws a ``Failure`` of kind `inputOutput` where communication fails.
extension Ownership {
  /// Gives every rank the whole of `values`, [count], of which each has what it owns; from the start, where the next
  /// forward begins.
  package func gather(_ values: AlignedBuffer<Float>, by communicator: any Communicator) throws(Failure) {
    precondition(values.count == count, "\(values.count) values where \(count) are owned")
    for bucket in buckets.reversed() { try communicator.gather(BufferSlices(values, bucket.slices)) }
  }

  /// Copies what every rank owns, packed in its `own`, [count(of: rank)], to its place in rank 0's `whole`, [count]; the
  /// others need none.
  package func collect(
    _ own: AlignedBuffer<Float>, into whole: AlignedBuffer<Float>?, by communicator: any Communicator
  ) throws(Failure) {
    try forEachBucket(own, whole, communicator) { (packed, placed) throws(Failure) in
      try communicator.exchange(packed, into: placed)
    }
  }

  /// Copies to every rank's `own`, [count(of: rank)], what it owns of rank 0's `whole`, [count].
  package func distribute(
    _ whole: AlignedBuffer<Float>?, into own: AlignedBuffer<Float>, by communicator: any Communicator
  ) throws(Failure) {
    try forEachBucket(own, whole, communicator) { (packed, placed) throws(Failure) in
      try communicator.exchange(placed, into: packed)
    }
  }

  /// For each bucket: what this rank and rank 0 exchange, on the side of `own` and on that of `whole`, which is rank 0's.
  private func forEachBucket(
    _ own: AlignedBuffer<Float>, _ whole: AlignedBuffer<Float>?, _ communicator: any Communicator,
    _ body: (_ packed: BufferSlices<Float>, _ placed: BufferSlices<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    let rank = communicator.rank
    precondition((rank == 0) == (whole != nil), "rank 0, and it alone, has the whole")
    precondition(own.count == count(of: rank), "\(own.count) elements where rank \(rank) owns \(count(of: rank))")
    var end = 0
    for bucket in buckets.reversed() {
      let slice = bucket.slices[rank]
      let packed = BufferSlices(own, only: end..<end + slice.count, of: 0, size: size)
      let placed = whole.map { BufferSlices($0, bucket.slices) } ?? BufferSlices(own, only: 0..<0, of: 0, size: size)
      try body(packed, placed)
      end += slice.count
    }
  }
}
