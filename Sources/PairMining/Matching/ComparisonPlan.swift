import Runtime

/// Which images are compared with which.
struct ComparisonPlan {
  /// Features of an image that take part in the first look, the largest in scale.
  ///
  /// Source: preemptive matching (Wu, "Towards Linear-Time Incremental Structure from Motion", 3DV 2013).
  static let preliminaryFeatures = 128

  /// Fewer matches of the largest features are no reason to compare further.
  private static let leastVotes = 3

  /// Each image with those that follow it in its folder, at most `count`.
  static func window(_ count: Int, of images: [SourceImage], usable: [Int]) -> [(Int, Int)] {
    var pairs: [(Int, Int)] = []
    for (place, first) in usable.enumerated() {
      for second in usable[(place + 1)...].prefix(count) where images[first].folder == images[second].folder {
        pairs.append((first, second))
      }
    }
    return pairs
  }

  /// All pairs.
  static func all(_ usable: [Int]) -> [(Int, Int)] {
    usable.indices.flatMap { place in usable[(place + 1)...].map { (usable[place], $0) } }
  }

  /// Each image with the `count` others that share most matches among the largest features.
  ///
  /// - Parameter largest: descriptors of the largest features of every image, [count, 128].
  static func candidates(
    _ count: Int, largest: [[UInt8]], usable: [Int], pool: WorkerPool, progress: (_ done: Int) -> Void
  ) -> [(Int, Int)] {
    let matchers = (0..<pool.workerCount).map { _ in DescriptorMatcher() }
    var best = [[(votes: Int, image: Int)]](repeating: [], count: largest.count)
    let block = 16 * pool.workerCount
    for start in stride(from: 0, to: usable.count, by: block) {
      let rows = start..<min(usable.count, start + block)
      var votes = [[(votes: Int, image: Int)]](repeating: [], count: rows.count)
      votes.withUnsafeMutableBufferPointer { votes in
        nonisolated(unsafe) let votes = votes
        pool.run(rows.count) { task, worker in
          let place = rows.lowerBound + task
          votes[task] = usable[(place + 1)...].compactMap { other in
            let count = matchers[worker].matches(largest[usable[place]], largest[other]).count
            return count >= leastVotes ? (count, other) : nil
          }
        }
      }
      for (task, found) in votes.enumerated() {
        let image = usable[rows.lowerBound + task]
        for vote in found {
          insert(vote, into: &best[image], limit: count)
          insert((vote.votes, image), into: &best[vote.image], limit: count)
        }
      }
      progress(rows.upperBound)
    }
    return usable.flatMap { image in
      best[image].map(\.image).sorted().compactMap { other in
        // A pair that both images chose counts for the first.
        let isMutual = best[other].contains { $0.image == image }
        return isMutual && other < image ? nil : (min(image, other), max(image, other))
      }
    }
  }

  /// Keeps the most votes; of equal ones the image that comes first.
  private static func insert(_ vote: (votes: Int, image: Int), into best: inout [(votes: Int, image: Int)], limit: Int)
  {
    let place = best.firstIndex { ($0.votes, vote.image) < (vote.votes, $0.image) } ?? best.count
    guard place < limit else { return }
    best.insert(vote, at: place)
    if best.count > limit { best.removeLast() }
  }
}
