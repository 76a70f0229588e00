import Foundation

/// What a random draw is for. Streams of different purposes never share a number.
package enum RandomPurpose: UInt32, Sendable {
  case initialization = 1
  case sampleOrder = 2
  case crop = 3
  case colorJitter = 4
  case mask = 5
  case validation = 6
  case scene = 7
  case frameGap = 8
  case split = 9
  case test = 10
  case replacement = 11
  case verification = 12
}

/// An endless stream of random numbers that is a pure function of (seed, purpose, epoch, sample index).
///
/// A value type: copies continue independently. Never global, never keyed by rank or thread, so that results depend on
/// neither.
package struct RandomStream: RandomNumberGenerator, Sendable {
  private let key: SIMD2<UInt32>
  private var counter: SIMD4<UInt32>
  private var words = SIMD4<UInt32>()
  private var used = 4

  /// Opens the stream of one draw site.
  ///
  /// - Parameters:
  ///   - epoch: at most 2^24 epochs; the rest of that word holds the purpose.
  ///   - index: the sample, parameter or scene; at most 2^40.
  package init(seed: UInt64, purpose: RandomPurpose, epoch: Int = 0, index: Int = 0) {
    precondition((0..<(1 << 24)).contains(epoch), "epoch \(epoch) is outside 0..<2^24")
    precondition((0..<(1 << 40)).contains(index), "index \(index) is outside 0..<2^40")
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = SIMD4(
      0, UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32),
      UInt32(epoch) << 8 | purpose.rawValue)
  }

  /// The next 32 random bits.
  package mutating func nextWord() -> UInt32 {
    if used == 4 {
      words = Philox.block(counter: counter, key: key)
      counter.x &+= 1
      // 2^34 words into a stream the index's spare bits take the carry.
      if counter.x == 0 { counter.z &+= 1 << 8 }
      used = 0
    }
    defer { used += 1 }
    return words[used]
  }

  /// The next 64 random bits (`RandomNumberGenerator`).
  package mutating func next() -> UInt64 { UInt64(nextWord()) << 32 | UInt64(nextWord()) }

  /// A uniform number in 0 ..< 1 with 24 random bits.
  package mutating func nextUnit() -> Float { Float(nextWord() >> 8) * 0x1p-24 }

  /// A uniform number in `range`.
  package mutating func nextUniform(_ range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * nextUnit()
  }

  /// A uniform integer in 0 ..< `bound`, without bias (Lemire's multiplication with rejection).
  package mutating func nextIndex(below bound: Int) -> Int {
    precondition(bound > 0, "no index lies below \(bound)")
    let bound = UInt64(bound)
    while true {
      let (high, low) = next().multipliedFullWidth(by: bound)
      if low >= bound || low >= (0 &- bound) % bound { return Int(high) }
    }
  }

  /// A normal number with mean 0 and deviation 1 (Box and Muller, 1958; in double precision).
  package mutating func nextNormal() -> Float {
    let radius = (-2 * log((Double(nextWord()) + 0.5) * 0x1p-32)).squareRoot()
    return Float(radius * cos(2 * Double.pi * Double(nextWord()) * 0x1p-32))
  }
}
