import CTransformer
import CroCoModel
import TestSupport
import Testing

/// Position tables, patch order and masks' counts against the reference.
@Suite struct TableTests {
  @Test(
    "Sine-cosine tables equal the reference",
    arguments: [("768.14x14", 768, 14, 14), ("512.14x14", 512, 14, 14), ("32.4x4", 32, 4, 4), ("32.3x5", 32, 3, 5)])
  func sineCosine(name: String, dimension: Int, rows: Int, columns: Int) throws {
    let expected = try ReferenceCase("pos_embed")("sincos." + name)
    let table = PositionTable.sineCosine(dimension: dimension, rows: rows, columns: columns)
    #expect(largestDifference(table, expected) < 1e-7)
  }

  @Test("Rotary tables equal the reference", arguments: [4, 6, 16, 32])
  func rotary(width: Int) throws {
    let reference = try ReferenceCase("pos_embed")
    // The reference tabulates 14 positions of one axis, its second half repeating the first.
    let (cosine, sine) = PositionTable.rotary(headSize: 2 * width, rows: 14, columns: 1, base: 100)
    for (table, name) in [(cosine, "cos"), (sine, "sin")] {
      let expected = try reference("rope.\(name).\(width)")
      for position in 0..<14 {
        let actual = Array(table[position * width..<position * width + width / 2])
        let row = Array(expected[position * width..<position * width + width / 2])
        #expect(largestDifference(actual, row) < 1e-6)
      }
    }
  }

  @Test("Rotary embedding applied to tokens equals the reference, also for a subset of tokens")
  func rotaryApplied() throws {
    let reference = try ReferenceCase("pos_embed")
    let (cosine, sine) = PositionTable.rotary(headSize: 16, rows: 3, columns: 4, base: 100)
    let subset: [Int32] = try reference.tensors.values("rope.subset_index", type: "I32", as: Int32.self)
    let all = try reference("rope.in")  // [2, 3, 12, 16]
    for (positions, name) in [((0..<12).map { Int32($0) }, "rope.out"), (subset, "rope.out_subset")] {
      var rotated: [Float] = []
      for head in 0..<6 {
        var tokens = positions.flatMap { Array(all[(head * 12 + Int($0)) * 16..<(head * 12 + Int($0) + 1) * 16]) }
        croco_rotate(&tokens, 16, positions, cosine, sine, 1, positions.count, 1, 16)
        rotated += tokens
      }
      #expect(relativeDifference(rotated, try reference(name)) < 1e-6)
    }
  }

  @Test("Interpolated position tables equal the reference", arguments: [(20, 20), (10, 12)])
  func interpolation(rows: Int, columns: Int) throws {
    let reference = try ReferenceCase("pos_embed")
    for (input, name, dimension) in [("interp.sincos32_in", "sincos32", 32), ("interp.random_in", "random8", 8)] {
      let table = PositionTable.interpolate(
        try reference(input), dimension: dimension, from: (14, 14), to: (rows, columns))
      let difference = relativeDifference(table, try reference("interp.\(name).\(rows)x\(columns)"))
      #expect(difference < 1e-5, "\(name) off by \(difference)")
    }
  }

  @Test("Patchify and unpatchify equal the reference exactly")
  func patchify() throws {
    let reference = try ReferenceCase("patchify_mask")
    let (image, patches) = (try reference("image"), try reference("patches"))
    #expect(Patchify.patches(of: image, height: 16, width: 16, patchSize: 8) == patches)
    #expect(Patchify.images(of: patches, height: 16, width: 16, patchSize: 8) == image)
    let single = Patchify.images(of: try reference("unpatchify1.in"), height: 16, width: 16, patchSize: 8, channels: 1)
    #expect(single == (try reference("unpatchify1.out")))
  }

  @Test(
    "The masked count is truncated in double precision", arguments: [(0.29, 100, 28), (0.57, 100, 56), (0.9, 9, 8)])
  func maskedCount(ratio: Double, patches: Int, expected: Int) {
    var configuration = ModelConfiguration()
    configuration.patchSize = 1
    (configuration.imageHeight, configuration.imageWidth) = (1, patches)
    configuration.maskRatio = ratio
    #expect(configuration.maskedCount == expected)
  }
}
