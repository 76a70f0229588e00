import Runtime

/// What is done with each bucket in steps, each of which may start a transfer that the next one needs.
protocol BucketWork {
  /// The number of buckets.
  var bucketCount: Int { get }
  /// The number of steps of each bucket.
  var stepCount: Int { get }
  /// The buckets that are under way at once, at most (``BucketPipeline/depth(of:)``).
  var depth: Int { get }

  /// Whether the first step of a bucket may begin.
  func isReady(_ bucket: Int) -> Bool

  /// Does a step of a bucket; the bucket ``depth`` before it is done.
  ///
  /// - Returns: the transfer that it starts, if any.
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  func begin(step: Int, of bucket: Int) throws(Failure) -> (any PendingTransfer)?
}

/// Several buckets under way at once: while one is added up, others are on the wire.
///
/// Buckets come to each of their steps in order, on all ranks the same, as collective calls must.
struct BucketPipeline {
  /// The buckets that are under way at once, at most, of those of `ownership`: as many as 128 MB hold, three to eight.
  ///
  /// Ranks announce a message and wait for leave to send it, behind what is on the wire already: with three buckets a link of
  /// 1 Gbit/s stood idle for a seventh of the time, with eight for a twentieth.
  static func depth(of ownership: Ownership) -> Int {
    let longest = ownership.buckets.map(\.range.count).max() ?? 1
    return min(8, max(3, (1 << 25) / max(1, longest)))
  }

  private static let looksBeforeRest = 4

  private struct Entry {
    let bucket: Int
    var begun = 0
    var transfer: (any PendingTransfer)?
  }
  private let work: any BucketWork
  private var entries: [Entry] = []

  /// Works on buckets until all are done.
  ///
  /// - Parameter rest: waits a little, where nothing can be done at once; nil: a call of MPI waits for the oldest bucket.
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  static func run(_ work: any BucketWork, rest: (() -> Void)? = nil) throws(Failure) {
    var pipeline = BucketPipeline(work: work)
    var (next, looks) = (0, 0)
    while next < work.bucketCount || !pipeline.entries.isEmpty {
      while next < work.bucketCount, pipeline.entries.count < work.depth, work.isReady(next) {
        pipeline.entries.append(Entry(bucket: next))
        next += 1
      }
      if try pipeline.advance() {
        looks = 0
      } else if let rest {
        // A look takes some 100 KB from a socket that has megabytes, and a thread that rests may not be woken for milliseconds.
        looks += 1
        if looks % looksBeforeRest == 0 { rest() }
      } else {
        try pipeline.entries.first?.transfer?.wait()
      }
    }
  }

  /// Moves on what can be moved on; false where that is nothing.
  private mutating func advance() throws(Failure) -> Bool {
    var hasMoved = false
    for index in entries.indices {
      let entry = entries[index]
      let isItsTurn = index == 0 || entries[index - 1].begun > entry.begun
      guard entry.begun < work.stepCount, isItsTurn, try entry.transfer?.isComplete() ?? true else { continue }
      entries[index].transfer = try work.begin(step: entry.begun, of: entry.bucket)
      entries[index].begun += 1
      hasMoved = true
    }
    while let first = entries.first, first.begun == work.stepCount, try first.transfer?.isComplete() ?? true {
      entries.removeFirst()
      hasMoved = true
    }
    return hasMoved
  }
}
