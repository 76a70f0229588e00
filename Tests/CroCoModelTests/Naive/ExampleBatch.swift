import CroCoModel

/// Pairs of a micro-batch as plain arrays.
struct ExampleBatch {
  let size: Int  // B
  let view1: [Float]  // [B, 3, H, W]
  let view2: [Float]  // [B, 3, H, W]
  let mask: [UInt8]  // [B, N]

  /// The pairs of a reference case.
  init(_ reference: ReferenceCase, size: Int) throws {
    self.size = size
    view1 = try reference("img1")
    view2 = try reference("img2")
    mask = try reference.tensors.bytes("mask")
  }

  /// Random pairs; view 2 is view 1 with noise, and every pair hides other patches.
  init(_ configuration: ModelConfiguration, size: Int, _ numbers: inout ExampleNumbers) {
    self.size = size
    let count = size * 3 * configuration.imageHeight * configuration.imageWidth
    let view1 = (0..<count).map { _ in numbers.next(within: 2) }
    self.view1 = view1
    view2 = view1.map { 0.7 * $0 + numbers.next(within: 1) }
    var mask: [UInt8] = []
    for _ in 0..<size {
      var order = Array(0..<configuration.patchCount)
      order.shuffle(using: &numbers)
      let hidden = Set(order.prefix(configuration.maskedCount))
      mask += (0..<configuration.patchCount).map { hidden.contains($0) ? 1 : 0 }
    }
    self.mask = mask
  }

  func mask(_ sample: Int) -> [UInt8] { part(of: mask, sample) }
  func image(_ images: [Float], _ sample: Int) -> [Double] { part(of: images, sample).map { Double($0) } }

  private func part<Element>(of values: [Element], _ sample: Int) -> [Element] {
    let count = values.count / size
    return Array(values[sample * count..<(sample + 1) * count])
  }
}

/// Reproducible random numbers for examples: SplitMix64 (Steele, Lea, Flood, 2014).
struct ExampleNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in -bound ... bound.
  mutating func next(within bound: Float) -> Float { Float.random(in: -bound...bound, using: &self) }
}
