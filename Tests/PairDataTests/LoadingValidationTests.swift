import PairData
import Runtime
import Testing

private func plainConfiguration(height: Int, width: Int) -> LoaderConfiguration {
  var configuration = LoaderConfiguration()
  configuration.imageHeight = height
  configuration.imageWidth = width
  configuration.patchSize = 4
  configuration.maskedCount = 5
  configuration.microBatchSize = 4
  configuration.seed = 3
  // Values are bytes / 255, so that pixels can be read back.
  configuration.normalization = Normalization(mean: SIMD3(repeating: 0), deviation: SIMD3(repeating: 1))
  return configuration
}

/// Pairs of two scenes, their numbers in blue: 10 q for view 1 and 10 q + 1 for view 2 of pair q.
private func numberedSource(scenes: [Int]) -> MemoryPairSource {
  MemoryPairSource(
    pairs: scenes.indices.map {
      (
        .coordinates(height: 12, width: 15, blue: UInt8(10 * $0)),
        .coordinates(height: 12, width: 15, blue: UInt8(10 * $0 + 1))
      )
    }, scenes: scenes)
}

@Suite("Loading: validation batches")
struct LoadingValidationTests {
  private let configuration = plainConfiguration(height: 8, width: 12)
  private let values = 3 * 8 * 12

  private func bytes(_ view: UnsafeMutablePointer<Float>) -> [UInt8] {
    (0..<values).map { UInt8((view[$0] * 255).rounded()) }
  }

  // The batch must live while its memory is read, which a temporary does not.
  private func masks(of batch: PairBatch) -> [UInt8] { Array(batch.mask.elements) }

  @Test("Views are centre crops in stored order")
  func centreCrops() throws {
    let loader = try ValidationLoader(source: numberedSource(scenes: [0, 0, 1]), configuration: configuration)
    let batch = try loader.batch(pairs: [2, 0])
    for (row, pair) in [2, 0].enumerated() {
      for (view, buffer) in [batch.view1, batch.view2].enumerated() {
        let pixels = bytes(buffer.pointer + row * values)
        // 12x15 pixels, a crop of 8x12: two rows above, one column to the left.
        #expect(pixels[0] == 2 && pixels[95] == 9)
        #expect(pixels[96] == 1 && pixels[96 + 95] == 12)
        #expect(pixels[192...].allSatisfy { Int($0) == 10 * pair + view })
      }
    }
  }

  @Test("A pair's mask is always the same, whatever else is in the batch")
  func fixedMasks() throws {
    let source = numberedSource(scenes: Array(0..<20))
    let loader = try ValidationLoader(source: source, configuration: configuration)
    let all = try loader.batch(pairs: 0..<20)
    var distinct = Set<[UInt8]>()
    for pair in 0..<20 {
      let expected = Array(masks(of: all)[(pair * 6)..<(pair * 6 + 6)])
      #expect(expected.reduce(0) { $0 + Int($1) } == 5)
      for reference in ReferenceVariant.allCases {
        #expect(masks(of: try loader.batch(pairs: [pair], reference: reference)) == expected)
      }
      distinct.insert(expected)
    }
    #expect(distinct.count > 1)
  }

  @Test("The four references are the true, another scene's, the mean colour, and view 1")
  func references() throws {
    let scenes = [0, 0, 1, 1, 2, 2]
    let loader = try ValidationLoader(source: numberedSource(scenes: scenes), configuration: configuration)
    let matching = try loader.batch(pairs: 0..<6)
    for reference in ReferenceVariant.allCases {
      let batch = try loader.batch(pairs: 0..<6, reference: reference)
      #expect(Array(batch.view1.elements) == Array(matching.view1.elements))
      for pair in 0..<6 {
        let blue = Int(bytes(batch.view2.pointer + pair * values)[192])
        switch reference {
        case .matching: #expect(blue == 10 * pair + 1)
        case .shuffled:
          #expect(blue % 10 == 1 && scenes[blue / 10] != scenes[pair])
          #expect(blue / 10 == (try loader.shuffledPair(for: pair)))
        case .blank:
          #expect(batch.view2.elements[(pair * values)..<((pair + 1) * values)].allSatisfy { $0 == 0 })
        case .identical: #expect(blue == 10 * pair)
        }
      }
    }
    #expect(ReferenceVariant.allCases.map(\.rawValue) == ["true", "shuffled", "blank", "identical"])
  }

  @Test("Another scene is found even where one scene holds nearly every pair")
  func rareScene() throws {
    let image = RGBImage.noise(height: 8, width: 12, seed: 1)
    var scenes = [Int](repeating: 4, count: 5000)
    scenes[4321] = 5
    let source = MemoryPairSource(pairs: .init(repeating: (image, image), count: 5000), scenes: scenes)
    let loader = try ValidationLoader(source: source, configuration: configuration)
    #expect(try (0..<50).allSatisfy { try loader.shuffledPair(for: $0) == 4321 })
    #expect(try loader.shuffledPair(for: 4321) != 4321)
  }

  @Test("One scene alone cannot be shuffled")
  func oneScene() throws {
    for count in [1, 3] {
      let source = numberedSource(scenes: .init(repeating: 0, count: count))
      let loader = try ValidationLoader(source: source, configuration: configuration)
      let failure = #expect(throws: Failure.self) { try loader.batch(pairs: [0], reference: .shuffled) }
      #expect(failure?.kind == .badData)
    }
  }

  @Test("An image smaller than the crop is named")
  func tooSmall() throws {
    let source = numberedSource(scenes: [0, 1])
    let loader = try ValidationLoader(source: source, configuration: plainConfiguration(height: 16, width: 12))
    let failure = #expect(throws: Failure.self) { try loader.batch(pairs: [1]) }
    #expect(
      failure?.message
        == "Image 1 of pair 1 is 12x15 (height x width), less than the crop of 16x12 (height x width).")
  }

  @Test("Pairs copied into memory keep their images and scenes")
  func copied() throws {
    let source = numberedSource(scenes: [3, 4, 5, 6])
    let copy = try MemoryPairSource(source, pairs: [2, 0])
    #expect(copy.count == 2)
    #expect(copy.images(ofPair: 0) == source.images(ofPair: 2))
    #expect([copy.scene(ofPair: 0), copy.scene(ofPair: 1)] == [5, 3])
  }
}
