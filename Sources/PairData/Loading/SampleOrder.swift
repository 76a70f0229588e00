import Runtime

/// The order in which samples are trained on: an endless stream of positions, computed and never stored.
///
/// Position p is sample `permutation[p % N]` of epoch p / N, where each epoch has its own keyed permutation of 0 ..< N.
/// Step s of a global batch G trains on positions s * G ..< (s + 1) * G. So no tail is dropped and none is doubled: a
/// batch may end one epoch and begin the next, and every sample comes exactly once in N consecutive positions that
/// begin at a multiple of N.
///
/// The permutation is a Feistel network over Philox with cycle walking (Black and Rogaway, "Ciphers with Arbitrary
/// Finite Domains", CT-RSA 2002), so memory is O(1) for any number of samples.
package struct SampleOrder: Sendable, Equatable {
  /// One sample of one epoch.
  package struct Sample: Sendable, Equatable {
    /// The epoch, from 0.
    package let epoch: Int
    /// The sample's number in 0 ..< N; with the epoch it keys every random draw (see ``KeyedSamples``).
    package let index: Int
    /// The pair in the data set.
    package let pair: Int
    /// Whether view 1 and view 2 are exchanged.
    package let isSwapped: Bool

    /// The same pair with the draws of the sample `index`.
    func keyed(by index: Int) -> Sample { Sample(epoch: epoch, index: index, pair: pair, isSwapped: isSwapped) }
  }

  /// Pairs in the data set, Q.
  package let pairCount: Int
  /// Whether each pair makes two samples: 2q with the views in order, 2q + 1 with the views exchanged.
  package let bothOrders: Bool
  /// The seed of the run.
  package let seed: UInt64
  /// Samples of an epoch, N: Q, or 2 Q with both orders.
  package let sampleCount: Int

  private let lowBits: UInt64
  private let highBits: UInt64

  /// Rounds of the Feistel network; so many that even four samples come in all their orders equally often.
  private static let roundCount = 12

  /// The order of 1 ... 2^40 samples.
  package init(pairCount: Int, bothOrders: Bool, seed: UInt64) {
    let sampleCount = bothOrders ? 2 * pairCount : pairCount
    precondition((1...(1 << 40)).contains(sampleCount), "\(sampleCount) samples are not within 1 ... 2^40")
    self.pairCount = pairCount
    self.bothOrders = bothOrders
    self.seed = seed
    self.sampleCount = sampleCount
    let bits = UInt64(max(2, Int.bitWidth - (sampleCount - 1).leadingZeroBitCount))
    lowBits = bits / 2
    highBits = bits - bits / 2
  }

  /// The number of positions that have a sample: 2^24 epochs.
  package var positionCount: Int {
    let (product, overflow) = sampleCount.multipliedReportingOverflow(by: 1 << 24)
    return overflow ? Int.max : product
  }

  /// The sample at a position of the endless stream.
  package func sample(at position: Int) -> Sample {
    precondition(position >= 0, "position \(position) lies before the first sample")
    let epoch = position / sampleCount
    return sample(index: permuted(position % sampleCount, epoch: epoch), epoch: epoch)
  }

  /// The sample of a number in 0 ..< N.
  func sample(index: Int, epoch: Int) -> Sample {
    bothOrders
      ? Sample(epoch: epoch, index: index, pair: index / 2, isSwapped: index % 2 == 1)
      : Sample(epoch: epoch, index: index, pair: index, isSwapped: false)
  }

  /// The number of a pair's sample: what ``sample(index:epoch:)`` undoes.
  func index(ofPair pair: Int, isSwapped: Bool) -> Int { bothOrders ? 2 * pair + (isSwapped ? 1 : 0) : pair }

  /// `permutation[place]` of an epoch, for `place` in 0 ..< N.
  package func permuted(_ place: Int, epoch: Int) -> Int {
    precondition((0..<sampleCount).contains(place), "place \(place) lies outside 0..<\(sampleCount)")
    precondition(
      (0..<(1 << 24)).contains(epoch), "epoch \(epoch) is outside 0..<2^24: see positionCount for the last position")
    // The network permutes 0 ..< 2^bits, less than twice N (or 4): walk its cycle until it is back inside.
    var value = encrypted(UInt64(place), epoch: epoch)
    while value >= UInt64(sampleCount) { value = encrypted(value, epoch: epoch) }
    return Int(value)
  }

  private func encrypted(_ value: UInt64, epoch: Int) -> UInt64 {
    let lowMask = (UInt64(1) << lowBits) - 1
    let highMask = (UInt64(1) << highBits) - 1
    var low = value & lowMask
    var high = value >> lowBits
    for round in stride(from: 0, to: Self.roundCount, by: 2) {
      low ^= scramble(high, round, epoch) & lowMask
      high ^= scramble(low, round + 1, epoch) & highMask
    }
    return high << lowBits | low
  }

  // Halves have at most 20 bits: one word holds them.
  private func scramble(_ half: UInt64, _ round: Int, _ epoch: Int) -> UInt64 {
    let words = Philox.block(
      counter: SIMD4(UInt32(round), UInt32(half), 0, UInt32(epoch) << 8 | RandomPurpose.sampleOrder.rawValue),
      key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
    return UInt64(words.x)
  }
}
