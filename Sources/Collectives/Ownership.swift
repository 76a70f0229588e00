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
    /// What the ranks of a number own together, on all hosts, by number: neighbours that are all of ``range``; some may be empty.
    package let parts: [Range<Int>]
    /// Each rank's slice of the part of its number, by rank; some may be empty.
    package let slices: [Range<Int>]
  }

  /// The elements of the buffer.
  package let count: Int
  /// Who shares a host.
  package let layout: RankLayout
  /// The buckets in the order in which backward completes gradients: from the end of the buffer to its start.
  package let buckets: [Bucket]

  /// The number of ranks.
  package var size: Int { layout.size }

  /// Divides `count` elements among the ranks of `layout`.
  ///
  /// - Parameters:
  ///   - unit: buckets and slices start at its multiples.
  ///   - bucketLength: the elements of a bucket, made a whole number of units for each owner so that all own equally much;
  ///     nil: ``defaultBucketLength(ranks:)``, or for one rank the whole buffer.
  package init(count: Int, layout: RankLayout, unit: Int = 16, bucketLength: Int? = nil) {
    precondition(count >= 0 && unit > 0, "\(count) elements in units of \(unit)")
    let wanted = bucketLength ?? (layout.size == 1 ? count : Self.defaultBucketLength(ranks: layout.size))
    let share = layout.ownersOfHost * layout.hosts.count * unit
    let length = max(1, (wanted + share - 1) / share) * share
    self.count = count
    self.layout = layout
    buckets = stride(from: 0, to: count, by: length).reversed().map { start in
      Self.bucket(start..<min(start + length, count), layout, unit: unit)
    }
  }

  /// Divides a bucket among the numbers, and each part among the hosts.
  private static func bucket(_ range: Range<Int>, _ layout: RankLayout, unit: Int) -> Bucket {
    func part(_ index: Int, of parts: Int, _ range: Range<Int>) -> Range<Int> {
      let part = Partition.range(index, of: parts, count: range.count, grain: unit)
      return range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound
    }
    let most = layout.hosts.map(\.count).max() ?? 1
    let parts = (0..<most).map { number in
      number < layout.ownersOfHost ? part(number, of: layout.ownersOfHost, range) : range.upperBound..<range.upperBound
    }
    let slices = (0..<layout.size).map { rank in
      let place = layout.place(of: rank)
      return part(place.host, of: layout.hosts.count, parts[place.number])
    }
    return Bucket(range: range, parts: parts, slices: slices)
  }

  /// 512 KB of fp32 for each rank: enough for few messages, and little enough to be added in the cache; at most 16 MB in
  /// all, where the units of the slices allow it.
  package static func defaultBucketLength(ranks: Int) -> Int { min(ranks << 17, longestBucket) }

  /// 16 MB of fp32: what a slow link takes a tenth of a second for.
  package static let longestBucket = 1 << 22

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
