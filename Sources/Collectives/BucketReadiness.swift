/// Which buckets have all their gradients, as backward reports the ranges of parameters that it is done with.
///
/// All ranks exchange buckets in the same order, so a bucket is ready only when those before it are.
struct BucketReadiness {
  /// The buckets that are ready: the first so many.
  private(set) var readyCount = 0

  private let buckets: [Range<Int>]  // from the end of the buffer to its start
  private var missing: [Int]  // elements of each bucket whose gradients are not complete

  /// No bucket is ready, unless it is empty.
  init(_ buckets: [Range<Int>]) {
    self.buckets = buckets
    missing = buckets.map(\.count)
  }

  /// Takes a range whose gradients are complete; each element is reported once a step.
  mutating func finish(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    // Ranges come about in the order of the buckets, so those that are ready need not be looked at.
    for index in readyCount..<buckets.count {
      let bucket = buckets[index]
      guard bucket.upperBound > range.lowerBound else { break }
      missing[index] -= bucket.clamped(to: range).count
      precondition(missing[index] >= 0, "gradients among \(range) were reported twice")
    }
    while readyCount < buckets.count, missing[readyCount] == 0 { readyCount += 1 }
  }

  /// Takes all that has not been reported.
  mutating func finishAll() {
    for index in missing.indices { missing[index] = 0 }
    readyCount = buckets.count
  }

  /// Begins the next step.
  mutating func reset() { self = BucketReadiness(buckets) }
}
