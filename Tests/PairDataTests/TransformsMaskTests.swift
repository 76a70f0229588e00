import PairData
import Runtime
import Testing

@Suite("Transforms: masks and windows")
struct TransformsMaskTests {
  @Test(
    "The mask of stored noise equals the official one",
    arguments: [("n16", 16, 12), ("n9", 9, 8), ("n196", 196, 176)])
  func officialRule(name: String, patchCount: Int, maskedCount: Int) throws {
    let tensors = try Fixture.tensors("patchify_mask")
    let noise = try tensors.floats("mask.\(name).noise")
    let expected = try tensors.bytes("mask.\(name).mask")
    let rule = PatchMask(patchCount: patchCount, maskedCount: maskedCount)
    var mask = [UInt8](repeating: 7, count: patchCount)
    for row in 0..<(noise.count / patchCount) {
      let range = (row * patchCount)..<((row + 1) * patchCount)
      rule.write(to: &mask, noise: Array(noise[range]))
      #expect(mask == Array(expected[range]))
    }
  }

  @Test("Equal noise values are taken in the order of their patches")
  func ties() {
    let rule = PatchMask(patchCount: 5, maskedCount: 2)
    var mask = [UInt8](repeating: 7, count: 5)
    // argsort = 1, 3, 0, 2, 4
    rule.write(to: &mask, noise: [0.5, 0.25, 0.5, 0.25, 0.5])
    #expect(mask == [1, 0, 1, 0, 0])
  }

  @Test("Every mask has exactly the wanted count of ones", arguments: [0, 1, 100, 195, 196])
  func counts(maskedCount: Int) {
    let rule = PatchMask(patchCount: 196, maskedCount: maskedCount)
    var mask = [UInt8](repeating: 7, count: 196)
    for index in 0..<50 {
      var stream = RandomStream(seed: 1, purpose: .mask, index: index)
      rule.write(to: &mask, from: &stream)
      #expect(mask.reduce(0) { $0 + Int($1) } == maskedCount)
      #expect(mask.allSatisfy { $0 <= 1 })
    }
  }

  @Test("Every patch is masked equally often")
  func uniform() {
    let rule = PatchMask(patchCount: 9, maskedCount: 3)
    var mask = [UInt8](repeating: 0, count: 9)
    var sums = [Int](repeating: 0, count: 9)
    for index in 0..<9_000 {
      var stream = RandomStream(seed: 3, purpose: .mask, index: index)
      rule.write(to: &mask, from: &stream)
      for patch in 0..<9 { sums[patch] += Int(mask[patch]) }
    }
    // Binomial with 9,000 x 1/3: five deviations are 224.
    #expect(sums.allSatisfy { abs($0 - 3000) < 224 })
  }

  @Test("Random windows cover every place and stay inside")
  func randomWindows() {
    var seen = Set<Int>()
    for index in 0..<2_000 {
      var stream = RandomStream(seed: 1, purpose: .crop, index: index)
      let window = CropWindow(randomIn: 12, 9, height: 8, width: 6, from: &stream)
      #expect((0...4).contains(window.top) && (0...3).contains(window.left))
      seen.insert(window.top * 4 + window.left)
    }
    #expect(seen.count == 20)
  }

  @Test("The centred window leaves the larger margin below and right")
  func centredWindow() {
    let window = CropWindow(centredIn: 11, 20, height: 8, width: 6)
    #expect(window == CropWindow(top: 1, left: 7, height: 8, width: 6))
  }
}
