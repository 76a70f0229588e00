import Runtime
import Testing

@Suite struct RandomTests {
  @Test("Philox4x32-10 gives the published answers")
  func knownAnswers() {
    #expect(
      Philox.block(counter: .zero, key: .zero) == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      Philox.block(counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      Philox.block(
        counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: SIMD2(0xa409_3822, 0x299f_31d0))
        == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test("Streams differ by seed, purpose, epoch and index, and repeat exactly")
  func streams() {
    func words(_ seed: UInt64, _ purpose: RandomPurpose, _ epoch: Int, _ index: Int) -> [UInt32] {
      var stream = RandomStream(seed: seed, purpose: purpose, epoch: epoch, index: index)
      return (0..<8).map { _ in stream.nextWord() }
    }
    let base = words(1, .mask, 0, 0)
    #expect(base == words(1, .mask, 0, 0))
    for other in [
      words(2, .mask, 0, 0), words(1 << 40, .mask, 0, 0), words(1, .crop, 0, 0), words(1, .mask, 1, 0),
      words(1, .mask, 0, 1), words(1, .mask, 0, 1 << 33),
    ] { #expect(base != other) }
  }

  @Test("Uniform, index and normal draws have the right range and moments")
  func moments() {
    var stream = RandomStream(seed: 7, purpose: .test)
    let units = (0..<20_000).map { _ in Double(stream.nextUnit()) }
    #expect(units.allSatisfy { (0..<1).contains($0) })
    #expect(abs(units.reduce(0, +) / 20_000 - 0.5) < 0.01)
    let normals = (0..<20_000).map { _ in Double(stream.nextNormal()) }
    #expect(abs(normals.reduce(0, +) / 20_000) < 0.03)
    #expect(abs(normals.reduce(0) { $0 + $1 * $1 } / 20_000 - 1) < 0.05)
    var seen = Set<Int>()
    for _ in 0..<500 { seen.insert(stream.nextIndex(below: 7)) }
    #expect(seen == Set(0..<7))
  }
}
