import Runtime

/// Normal numbers of deviation `scale`, the same for the same count and seed.
func random(_ count: Int, _ seed: UInt64 = 1, scale: Float = 1) -> [Float] {
  var stream = RandomStream(seed: seed, purpose: .test, index: count)
  return (0..<count).map { _ in scale * stream.nextNormal() }
}
