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
    let ownership = Ownership(count: count, layout: RankLayout(size: size), unit: unit, bucketLength: bucketLength)
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
    let ownership = Ownership(count: count, layout: RankLayout(size: size), unit: unit)
    for bucket in ownership.buckets.dropFirst() { #expect(Set(bucket.slices.map(\.count)).count == 1) }
    let counts = (0..<size).map(ownership.count(of:))
    #expect(counts.max()! - counts.min()! <= unit)
    // Of the size that is best: 512 KB a rank, at most 16 MB, and at least a unit for each.
    #expect(abs(ownership.buckets[1].range.count - min(size << 17, 1 << 22)) < size * unit)
  }

  @Test("A single rank owns everything in one bucket")
  func alone() {
    let ownership = Ownership(count: 12_345_678, layout: RankLayout(size: 1))
    #expect(ownership.buckets.map(\.range) == [0..<12_345_678] && ownership.ranges(of: 0) == [0..<12_345_678])
  }

  @Test(
    "Between hosts a number's part is cut into slices by host; ranks beyond the smallest host's number own nothing",
    arguments: [[0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 1, 1], [0, 1, 2], [0, 0, 1]])
  func hosts(labels: [Int]) {
    let layout = RankLayout(hosts: labels)
    let ownership = Ownership(count: 10_007, layout: layout, unit: 16, bucketLength: 3000)
    for bucket in ownership.buckets {
      #expect(bucket.parts.flatMap(Array.init) == Array(bucket.range))
      for (number, part) in bucket.parts.enumerated() {
        let slices = layout.hosts.filter { number < $0.count }.map { bucket.slices[$0[number]] }
        #expect(slices.flatMap(Array.init) == Array(part), "number \(number)")
      }
    }
    let counts = labels.indices.map(ownership.count(of:))
    #expect(counts.reduce(0, +) == 10_007)
    for rank in labels.indices {
      #expect((counts[rank] == 0) == (layout.place(of: rank).number >= layout.ownersOfHost))
    }
  }

  @Test("Hosts are numbered by their lowest ranks, and neighbours on a host compute neighbouring micro-batches")
  func layout() throws {
    let layout = RankLayout(hosts: [7, 3, 7, 3, 7])
    #expect(layout.hosts == [[0, 2, 4], [1, 3]] && layout.ownersOfHost == 2 && layout.size == 5)
    #expect(layout.place(of: 3) == (1, 1) && layout.place(of: 4) == (0, 2))
    let shares = try (0..<5).map { try layout.microBatches(of: $0, count: 10) }
    #expect(shares == [0..<2, 6..<8, 2..<4, 8..<10, 4..<6])
    #expect(RankLayout(hosts: [1, 0]) == RankLayout(hosts: [5, 9]) && layout != RankLayout(size: 5))
  }
}
