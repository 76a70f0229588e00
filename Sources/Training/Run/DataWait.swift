import Runtime

/// How long the steps of a rank wait for data; says so once, where that is a large share of the time.
package struct DataWait {
  /// The share of the time from which waiting is worth a warning.
  static let limit = 0.1
  /// What a share is taken of, at least: a few slow reads in short steps are no reason to worry.
  static let least = (steps: 10, seconds: 20.0)

  private var steps = 0
  private var sum = (waited: 0.0, total: 0.0)  // ms
  private var isFirst = true
  private var isTold = false
  /// The share of the time, and the steps that it is taken of, where it exceeds the limit.
  private var finding: (share: Double, steps: Int)?

  /// Nothing yet.
  package init() {}

  /// Whether this rank has something to say that no rank has said.
  package var hasNews: Bool { finding != nil && !isTold }

  /// Counts a step, but not the first, which waits for loading to begin.
  ///
  /// - Parameters:
  ///   - waited: milliseconds for data.
  ///   - total: milliseconds of the step.
  package mutating func add(waited: Double, of total: Double) {
    guard !isFirst else {
      isFirst = false
      return
    }
    guard finding == nil else { return }
    steps += 1
    sum.waited += waited
    sum.total += total
    guard steps >= Self.least.steps, sum.total >= Self.least.seconds * 1000 else { return }
    if sum.waited > Self.limit * sum.total { finding = (sum.waited / sum.total, steps) }
    // Storage may become slow later.
    (steps, sum) = (0, (0, 0))
  }

  /// Warns of the rank that waits the most, with the remedy; collective.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where communication fails.
  package mutating func tell(_ context: RunContext) throws(Failure) {
    isTold = true
    let own = finding.map { "\($0.share) \($0.steps) \(context.communicator.hostName)" } ?? ""
    let all = try context.communicator.gatherBytes(Array(own.utf8))
    let words = all.map { String(decoding: $0, as: UTF8.self).split(separator: " ").map(String.init) }
    let shares = words.map { Double($0.first ?? "") ?? 0 }
    guard let rank = shares.indices.max(by: { shares[$0] < shares[$1] }), words[rank].count == 3 else { return }
    let place = context.communicator.size > 1 ? " on rank \(rank) (\(words[rank][2]))" : ""
    context.log(
      .warning,
      "Steps wait for data: \(Int((100 * shares[rank]).rounded())) % of the time of \(words[rank][1]) steps\(place). "
        + "Raise data.loader_threads or data.read_ahead, convert to images not much larger than model.image_size, or copy "
        + "the data set to a faster disk (data.sharding local).")
  }
}
