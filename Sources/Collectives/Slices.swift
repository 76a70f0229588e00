import Storage

/// The division of a flat buffer among the ranks: neighbouring ranges, in whole units as far as possible.
public struct Slices: Sendable, Equatable {
  /// Each rank's elements, by rank; together they are all elements.
  public let ranges: [Range<Int>]

  /// Divides `count` elements among `size` ranks; all slices but those at the end start and end at multiples of `unit`.
  public init(count: Int, size: Int, unit: Int) {
    precondition(count >= 0 && size > 0 && unit > 0, "\(count) elements, \(size) ranks, units of \(unit)")
    let units = (count + unit - 1) / unit
    let starts = (0...size).map { min(count, $0 * units / size * unit) }
    ranges = (0..<size).map { starts[$0]..<starts[$0 + 1] }
  }

  /// Copies every rank's slice, [its count], to rank 0's `whole`, [all]; the others need none. Collective.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  public func collect(
    _ slice: UnsafeMutablePointer<Float>, into whole: UnsafeMutablePointer<Float>?, by communicator: any Communicator
  ) throws(Failure) {
    let (own, none) = (ranges[communicator.rank].count, ranges.map { _ in 0 })
    let isFirst = communicator.rank == 0
    precondition(isFirst == (whole != nil), "rank 0, and it alone, receives the slices")
    try communicator.exchange(
      slice, counts: ranges.indices.map { $0 == 0 ? own : 0 }, offsets: none,
      into: whole ?? slice, counts: isFirst ? ranges.map(\.count) : none, offsets: ranges.map(\.lowerBound))
  }

  /// Copies to every rank's `slice`, [its count], its part of rank 0's `whole`, [all]. Collective.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  public func distribute(
    _ whole: UnsafePointer<Float>?, into slice: UnsafeMutablePointer<Float>, by communicator: any Communicator
  ) throws(Failure) {
    let (own, none) = (ranges[communicator.rank].count, ranges.map { _ in 0 })
    let isFirst = communicator.rank == 0
    precondition(isFirst == (whole != nil), "rank 0, and it alone, sends the slices")
    try communicator.exchange(
      whole ?? UnsafePointer(slice), counts: isFirst ? ranges.map(\.count) : none, offsets: ranges.map(\.lowerBound),
      into: slice, counts: ranges.indices.map { $0 == 0 ? own : 0 }, offsets: none)
  }
}
