import Runtime

/// The division of a flat buffer among the ranks: neighbouring ranges, in whole units as far as possible.
package struct Slices: Sendable, Equatable {
  /// Each rank's elements, by rank; together they are all elements.
  package let ranges: [Range<Int>]

  /// Divides `count` elements among `size` ranks; all slices but those at the end start and end at multiples of `unit`.
  package init(count: Int, size: Int, unit: Int) {
    ranges = (0..<size).map { Partition.range($0, of: size, count: count, grain: unit) }
  }

  /// Copies every rank's slice, [its count], to rank 0's `whole`, [all]; the others need none. Collective.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package func collect(
    _ slice: UnsafeMutablePointer<Float>, into whole: UnsafeMutablePointer<Float>?, by communicator: any Communicator
  ) throws(Failure) {
    precondition((communicator.rank == 0) == (whole != nil), "rank 0, and it alone, receives the slices")
    let (own, all) = counts(atRank: communicator.rank)
    try communicator.exchange(
      slice, counts: own, offsets: ranges.map { _ in 0 },
      into: whole ?? slice, counts: all, offsets: ranges.map(\.lowerBound))
  }

  /// Copies to every rank's `slice`, [its count], its part of rank 0's `whole`, [all]. Collective.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package func distribute(
    _ whole: UnsafePointer<Float>?, into slice: UnsafeMutablePointer<Float>, by communicator: any Communicator
  ) throws(Failure) {
    precondition((communicator.rank == 0) == (whole != nil), "rank 0, and it alone, sends the slices")
    let (own, all) = counts(atRank: communicator.rank)
    try communicator.exchange(
      whole ?? UnsafePointer(slice), counts: all, offsets: ranges.map(\.lowerBound),
      into: slice, counts: own, offsets: ranges.map { _ in 0 })
  }

  /// What `rank` exchanges with each rank, on the side of its slice and on that of rank 0's whole.
  private func counts(atRank rank: Int) -> (own: [Int], all: [Int]) {
    (ranges.indices.map { $0 == 0 ? ranges[rank].count : 0 }, ranges.map { rank == 0 ? $0.count : 0 })
  }
}
