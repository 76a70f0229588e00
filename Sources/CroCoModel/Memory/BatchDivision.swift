/// How a batch is divided: into slabs, which results depend on, and among threads, which they do not.
package struct BatchDivision: Sendable {
  /// Samples of the batch, B.
  package let batchSize: Int
  /// Ranges of whole samples, each with its own slabs.
  let groupCount: Int
  /// Slabs of such a range: one where a slab is whole samples.
  let slabsPerGroup: Int
  /// Threads of a team, which divide the slabs of a stretch.
  let teamSize: Int
  /// Stretches, each the groups that a team takes at once.
  let stretchCount: Int
  /// Whether a thread's slabs go through a product together.
  let joinsSlabs: Bool
  /// Parts of the gradient of a weight.
  package let gradientPartCount: Int

  /// Divides a batch into at least `slabCount` slabs.
  ///
  /// - Parameters:
  ///   - longestSequence: tokens of the longest sequence of a sample; it has no more slabs.
  ///   - joinsSlabs: whether each thread takes all of its rows at once, as is faster: a product reads the whole weight for any
  ///     number of them. Only where bits do not depend on what is multiplied together, ``Precision/elementsAreIndependent``.
  package init(batchSize: Int, longestSequence: Int, slabCount: Int, workerCount: Int, joinsSlabs: Bool) {
    let groups = max(1, min(slabCount, batchSize))
    let slabs = max(1, min(Self.quotient(slabCount, groups), longestSequence))
    // The smallest team that is soonest through.
    func slabsInTurn(_ size: Int) -> Int { Self.quotient(groups, workerCount / size) * Self.quotient(slabs, size) }
    let team = (1...min(slabs, workerCount)).min { slabsInTurn($0) < slabsInTurn($1) }!
    (self.batchSize, groupCount, slabsPerGroup, teamSize) = (batchSize, groups, slabs, team)
    self.joinsSlabs = joinsSlabs
    stretchCount = joinsSlabs ? min(groups, workerCount / team) : groups
    gradientPartCount = joinsSlabs ? workerCount : groups * slabs
  }

  /// The slabs of the batch.
  package var slabCount: Int { groupCount * slabsPerGroup }

  /// Rows of a product, of a thread that has as many as any; a sample has `tokens`.
  package func productRows(tokens: Int) -> Int {
    let rows = Self.quotient(batchSize, stretchCount) * tokens
    return Self.quotient(rows, joinsSlabs ? teamSize : slabsPerGroup)
  }

  private static func quotient(_ count: Int, _ parts: Int) -> Int { (count + parts - 1) / parts }
}
