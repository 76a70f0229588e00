import Collectives
import Testing

@Suite("Ownership of a flat buffer")
struct OwnershipTests {
  @Test(
    "Buckets run from the end to the start, are cut into slices by rank, and all together are the buffer",
    arguments: [
      (1, 1, 1, nil), (100, 3, 7, 1), (1000, 1, 10, 300), (4096 * 100 + 5, 3, 4096, 50_000), (5, 8, 4, nil),
      (3_000_000, 2, 4096, nil),
    ] as [(Int, Int, Int, Int?)])
  func covers(count: Int, size: Int, unit: Int, bucketLength: Int?) {
    let ownership = Ownership(count: count, size: size, unit: unit, bucketLength: bucketLength)
    var end = count
    for bucket in ownership.buckets {
      #expect(bucket.range.upperBound == end && bucket.range.lowerBound % unit == 0 && bucket.slices.count == size)
      var start = bucket.range.lowerBound
      for slice in bucket.slices {
        #expect(slice.lowerBound == start && (slice.lowerBound % unit == 0 || slice.isEmpty))
        start = slice.upperBound
      }
      #expect(start == end)
      end = bucket.range.lowerBound
    }
    #expect(end == 0)
    let owned = (0..<size).map { rank in ownership.ranges(of: rank) }
    #expect(owned.joined().flatMap(Array.init).sorted() == Array(0..<count))
    for (rank, ranges) in owned.enumerated() {
      #expect(ranges.reduce(0) { $0 + $1.count } == ownership.count(of: rank))
      #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
    }
  }

  @Test(
    "All ranks own equally much of each whole bucket: what they hold differs by a unit", arguments: [2, 3, 48, 1000])
  func balance(size: Int) {
    let (unit, count) = (4096, 400_000_000)
    let ownership = Ownership(count: count, size: size, unit: unit)
    for bucket in ownership.buckets.dropFirst() { #expect(Set(bucket.slices.map(\.count)).count == 1) }
    let counts = (0..<size).map(ownership.count(of:))
    #expect(counts.max()! - counts.min()! <= unit)
    // Of the size that is best: 512 KB a rank, at most 16 MB, and at least a unit for each.
    #expect(abs(ownership.buckets[1].range.count - min(size << 17, 1 << 22)) < size * unit)
  }

  @Test("A single rank owns everything in one bucket")
  func alone() {
    let ownership = Ownership(count: 12_345_678, size: 1)
    #expect(ownership.buckets.map(\.range) == [0..<12_345_678] && ownership.ranges(of: 0) == [0..<12_345_678])
  }
}
