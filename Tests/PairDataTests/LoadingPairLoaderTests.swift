import DataFixtures
import PairData
import Runtime
import Testing

/// The contents of a batch.
private struct Contents: Equatable {
  var views: [UInt32] = []
  var masks: [UInt8] = []

  mutating func append(_ batch: PairBatch) {
    // Sample after sample, so that the size of micro-batches does not show.
    let values = 3 * batch.height * batch.width
    for row in 0..<batch.count {
      for view in [batch.view1, batch.view2] {
        views += view.elements[(row * values)..<((row + 1) * values)].map(\.bitPattern)
      }
    }
    masks += batch.mask.elements
  }

  init() {}

  init(_ batch: PairBatch) { append(batch) }
}

private func noiseSource(_ count: Int, height: Int = 24, width: Int = 20) -> MemoryPairSource {
  MemoryPairSource(
    pairs: (0..<count).map {
      (
        .noise(height: height, width: width, seed: UInt64(2 * $0)),
        .noise(height: height, width: width, seed: UInt64(2 * $0 + 1))
      )
    })
}

private func smallConfiguration() -> LoaderConfiguration {
  var configuration = LoaderConfiguration()
  configuration.imageHeight = 16
  configuration.imageWidth = 12
  configuration.patchSize = 4
  configuration.maskedCount = 9
  configuration.microBatchSize = 3
  configuration.seed = 11
  return configuration
}

@Suite("Loading: pair loader", .timeLimit(.minutes(2)))
struct LoadingPairLoaderTests {
  private func contents(
    _ source: some PairSource, _ configuration: LoaderConfiguration, globalBatch: Int, microBatches: Range<Int>? = nil,
    firstStep: Int = 0, batches: Int
  ) throws -> Contents {
    let loader = try PairLoader(
      source: source, configuration: configuration, globalBatchSize: globalBatch, microBatches: microBatches,
      firstStep: firstStep)
    var contents = Contents()
    for _ in 0..<batches { contents.append(try loader.next()) }
    return contents
  }

  @Test("Batches are the same bytes for any number of threads and any depth")
  func threads() throws {
    let source = noiseSource(7)
    var configuration = smallConfiguration()
    configuration.threadCount = 0
    let expected = try contents(source, configuration, globalBatch: 6, batches: 20)
    for (threadCount, depth) in [(1, 1), (1, 3), (2, 1), (2, 4), (3, 2), (5, 7)] {
      configuration.threadCount = threadCount
      configuration.prefetchDepth = depth
      #expect(try contents(source, configuration, globalBatch: 6, batches: 20) == expected)
    }
  }

  @Test("A loader started at a later step gives what an uninterrupted one gives there", arguments: [0, 2])
  func resumed(threadCount: Int) throws {
    let source = noiseSource(7)
    var configuration = smallConfiguration()
    configuration.threadCount = threadCount
    let whole = try PairLoader(source: source, configuration: configuration, globalBatchSize: 6)
    for _ in 0..<10 { _ = try whole.next() }
    let later = try PairLoader(source: source, configuration: configuration, globalBatchSize: 6, firstStep: 5)
    for _ in 0..<8 { #expect(Contents(try whole.next()) == Contents(try later.next())) }
  }

  @Test("Samples do not depend on how a step is split into micro-batches and ranks")
  func splits() throws {
    let source = noiseSource(7)
    var configuration = smallConfiguration()
    configuration.threadCount = 2
    configuration.microBatchSize = 12
    let expected = try contents(source, configuration, globalBatch: 12, batches: 2)
    for size in [1, 3, 4, 6] {
      configuration.microBatchSize = size
      #expect(try contents(source, configuration, globalBatch: 12, batches: 2 * 12 / size) == expected)
    }
    configuration.microBatchSize = 3
    for rankCount in [2, 4] {
      let share = 4 / rankCount
      var loaders: [PairLoader] = []
      for rank in 0..<rankCount {
        loaders.append(
          try PairLoader(
            source: source, configuration: configuration, globalBatchSize: 12,
            microBatches: (rank * share)..<((rank + 1) * share)))
      }
      var actual = Contents()
      for _ in 0..<2 {
        for loader in loaders {
          for _ in 0..<share { actual.append(try loader.next()) }
        }
      }
      #expect(actual == expected)
    }
  }

  @Test("Seeds, epochs and the two orders of a pair have draws of their own")
  func draws() throws {
    // One pair of equal views: without random draws every sample would be the same.
    let image = RGBImage.noise(height: 40, width: 40, seed: 1)
    let source = MemoryPairSource(pairs: [(image, image)])
    var configuration = smallConfiguration()
    configuration.microBatchSize = 1
    configuration.threadCount = 0
    var seen: [Contents] = []
    for seed in [1, 2] as [UInt64] {
      configuration.seed = seed
      let loader = try PairLoader(source: source, configuration: configuration, globalBatchSize: 1)
      for _ in 0..<6 { seen.append(Contents(try loader.next())) }
    }
    for first in seen.indices {
      for second in 0..<first {
        #expect(seen[first].views != seen[second].views)
        #expect(seen[first].masks != seen[second].masks)
      }
    }
  }

  @Test("Shared transforms treat both views alike, independent ones do not")
  func pairTransforms() throws {
    let image = RGBImage.noise(height: 40, width: 40, seed: 1)
    let source = MemoryPairSource(pairs: [(image, image)])
    var configuration = smallConfiguration()
    configuration.threadCount = 0
    for kind in LoaderConfiguration.PairTransforms.allCases {
      for strength in [nil, 0.4] as [Float?] {
        configuration.pairTransforms = kind
        configuration.jitterStrength = strength
        let loader = try PairLoader(source: source, configuration: configuration, globalBatchSize: 3)
        for _ in 0..<3 {
          let batch = try loader.next()
          #expect((Array(batch.view1.elements) == Array(batch.view2.elements)) == (kind == .shared))
        }
      }
    }
  }

  @Test("A sample is the jittered crop that its stream draws")
  func sampleByHand() throws {
    let images = (RGBImage.noise(height: 24, width: 20, seed: 3), RGBImage.noise(height: 19, width: 31, seed: 4))
    let source = MemoryPairSource(pairs: [images])
    var configuration = smallConfiguration()
    configuration.microBatchSize = 1
    let loader = try PairLoader(source: source, configuration: configuration, globalBatchSize: 1)
    for position in 0..<8 {
      let sample = loader.order.sample(at: position)
      let batch = try loader.next()
      let (epoch, index) = (sample.epoch, sample.index)
      var crop = RandomStream(seed: 11, purpose: .crop, epoch: epoch, index: index)
      var colors = RandomStream(seed: 11, purpose: .colorJitter, epoch: epoch, index: index)
      let views = sample.isSwapped ? [images.1, images.0] : [images.0, images.1]
      for (image, view) in zip(views, [batch.view1, batch.view2]) {
        let place = CropWindow(randomIn: image.height, image.width, height: 16, width: 12, from: &crop)
        let window = PlanarImage(height: 16, width: 12)
        window.copy(image, top: place.top, left: place.left)
        ColorJitter(strength: 0.4, from: &colors).apply(to: window)
        var expected = [Float](repeating: 0, count: 3 * 16 * 12)
        Normalization.imageNet.write(window, to: &expected)
        #expect(Array(view.elements) == expected)
      }
      var noise = RandomStream(seed: 11, purpose: .mask, epoch: epoch, index: index)
      var mask = [UInt8](repeating: 0, count: 12)
      PatchMask(patchCount: 12, maskedCount: 9).write(to: &mask, from: &noise)
      #expect(Array(batch.mask.elements) == mask)
    }
  }

  @Test(
    "An image smaller than the crop fails at its own place, named, for any number of threads", arguments: [0, 1, 3])
  func failure(threadCount: Int) throws {
    let image = RGBImage.noise(height: 24, width: 20, seed: 1)
    var pairs = [(RGBImage, RGBImage)](repeating: (image, image), count: 20)
    pairs[5].1 = .noise(height: 24, width: 11, seed: 3)
    pairs[9].0 = .noise(height: 15, width: 20, seed: 3)
    var configuration = smallConfiguration()
    configuration.bothOrders = false
    configuration.threadCount = threadCount
    let loader = try PairLoader(
      source: MemoryPairSource(pairs: pairs), configuration: configuration, globalBatchSize: 3)
    let bad = try #require((0..<20).first { [5, 9].contains(loader.order.sample(at: $0).pair) })
    for _ in 0..<(bad / 3) { _ = try loader.next() }
    let sentence =
      loader.order.sample(at: bad).pair == 5
      ? "Image 2 of pair 5 is 24x11 (height x width), less than the crop of 16x12 (height x width)."
      : "Image 1 of pair 9 is 15x20 (height x width), less than the crop of 16x12 (height x width)."
    for _ in 0..<2 {
      do {
        _ = try loader.next()
        Issue.record("batch \(bad / 3) holds a bad pair")
      } catch {
        #expect(error.kind == .badData)
        #expect(error.message == sentence)
      }
    }
  }

  @Test("In exchanged order the image is still named by its place in the data set")
  func failureNamesStoredPlace() throws {
    let source = MemoryPairSource(
      pairs: [(.noise(height: 24, width: 20, seed: 1), .noise(height: 8, width: 8, seed: 2))])
    var configuration = smallConfiguration()
    configuration.threadCount = 0
    configuration.microBatchSize = 2
    let loader = try PairLoader(source: source, configuration: configuration, globalBatchSize: 2)
    let failure = try #require(throws: Failure.self) { try loader.next() }
    #expect(failure.message.hasPrefix("Image 2 of pair 0 is 8x8,"))
  }

  @Test("A loader may be let go at any moment")
  func stoppedEarly() throws {
    let source = noiseSource(5)
    var configuration = smallConfiguration()
    for round in 0..<60 {
      configuration.threadCount = round % 4
      configuration.prefetchDepth = 1 + round % 3
      let loader = try PairLoader(source: source, configuration: configuration, globalBatchSize: 3)
      for _ in 0..<(round % 5) { _ = try loader.next() }
      if round % 2 == 0 {
        loader.stop()
        let failure = #expect(throws: Failure.self) { try loader.next() }
        #expect(failure?.kind == .internalError)
      }
    }
  }

  @Test("A batch that is held stays as it is; batches that are let go are used again")
  func held() throws {
    let source = noiseSource(5)
    var configuration = smallConfiguration()
    configuration.threadCount = 2
    configuration.prefetchDepth = 2
    let loader = try PairLoader(source: source, configuration: configuration, globalBatchSize: 3)
    var batches: [PairBatch] = []
    var before: [Contents] = []
    for _ in 0..<12 {
      batches.append(try loader.next())
      before.append(Contents(batches[batches.count - 1]))
    }
    #expect(Set(batches.map { ObjectIdentifier($0) }).count == 12)
    #expect(batches.map { Contents($0) } == before)
    var identities = Set<ObjectIdentifier>()
    batches = []
    for place in 0..<40 {
      let identity = ObjectIdentifier(try loader.next())
      // The batches prepared while others were held are new; after them come only the ring's own.
      if place >= 3 { identities.insert(identity) }
    }
    #expect(identities.count <= 3)
  }

  @Test("A run ends with a sentence where the numbered epochs end")
  func lastEpoch() throws {
    var configuration = smallConfiguration()
    configuration.bothOrders = false
    let loader = try PairLoader(
      source: noiseSource(1), configuration: configuration, globalBatchSize: 3, firstStep: (1 << 24) / 3 - 1)
    #expect(loader.order.positionCount == 1 << 24)
    _ = try loader.next()
    let failure = #expect(throws: Failure.self) { try loader.next() }
    #expect(failure?.kind == .configuration)
  }

  @Test("Impossible configurations and empty data sets are refused")
  func refused() throws {
    let source = noiseSource(2)
    let changes: [(inout LoaderConfiguration) -> Void] = [
      { $0.imageHeight = 18 }, { $0.maskedCount = 13 }, { $0.threadCount = -1 }, { $0.microBatchSize = 0 },
      { $0.prefetchDepth = 0 }, { $0.jitterStrength = -1 }, { $0.jitterStrength = .nan },
      { $0.normalization.deviation.y = 0 }, { $0.patchSize = 0 },
    ]
    for change in changes {
      var configuration = smallConfiguration()
      change(&configuration)
      let failure = #expect(throws: Failure.self) {
        try PairLoader(source: source, configuration: configuration, globalBatchSize: 3)
      }
      #expect(failure?.kind == .configuration)
    }
    let failure = #expect(throws: Failure.self) {
      try PairLoader(source: MemoryPairSource(pairs: []), configuration: smallConfiguration(), globalBatchSize: 3)
    }
    #expect(failure?.kind == .badData)
  }
}
