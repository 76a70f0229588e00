import Runtime

/// A buffer's slices, one for each rank of a group, by rank: what a rank sends to each, receives from each, or what each owns.
package struct BufferSlices<Element: BitwiseCopyable>: Sendable {
  /// The memory; held as long as the slices are.
  package let buffer: AlignedBuffer<Element>
  /// Each rank's elements of ``buffer``; may be empty.
  package let ranges: [Range<Int>]

  /// Names the slices of `buffer`.
  package init(_ buffer: AlignedBuffer<Element>, _ ranges: [Range<Int>]) {
    precondition(
      ranges.allSatisfy { $0.isEmpty || $0.upperBound <= buffer.count && $0.lowerBound >= 0 },
      "slices \(ranges) of a buffer of \(buffer.count) elements")
    self.buffer = buffer
    self.ranges = ranges
  }

  /// Slices of `counts` elements that lie one after the other from the start of `buffer`.
  package init(_ buffer: AlignedBuffer<Element>, counts: [Int]) {
    var end = 0
    self.init(
      buffer,
      counts.map { count in
        defer { end += count }
        return end..<end + count
      })
  }

  /// One slice, that of `rank` in a group of `size`; the others have none.
  init(_ buffer: AlignedBuffer<Element>, only range: Range<Int>, of rank: Int, size: Int) {
    self.init(buffer, (0..<size).map { $0 == rank ? range : 0..<0 })
  }
}
