import DataFixtures
import Foundation
import PairData
import Testing

@Suite("Loading: pairs that cannot be used", .timeLimit(.minutes(2)))
struct LoadingBadPairTests {
  /// How a shard is spoilt.
  enum Damage: CaseIterable {
    case checksum, truncated, missing, index

    func apply(_ path: String) throws {
      let url = URL(fileURLWithPath: path)
      var bytes = try Data(contentsOf: url)
      switch self {
      // The middle of an uncompressed shard lies within its pixels.
      case .checksum: bytes[bytes.count / 2] ^= 1
      case .truncated: bytes.removeLast(100)
      case .index: bytes[100] ^= 1
      case .missing: return try FileManager.default.removeItem(at: url)
      }
      try bytes.write(to: url)
    }
  }

  /// The views of each sample, and the number of replaced pairs, of some batches.
  private func samples(
    _ source: some PairSource, _ configuration: LoaderConfiguration, microBatches: Range<Int>? = nil, batches: Int,
    reports: BadPairReports = BadPairReports()
  ) throws -> (views: [[Float]], replaced: Int) {
    let loader = try PairLoader(
      source: source, configuration: configuration, globalBatchSize: 8, microBatches: microBatches, badPairs: reports)
    var (views, replaced): ([[Float]], Int) = ([], 0)
    for _ in 0..<batches {
      let batch = try loader.next()
      replaced += batch.replacedCount
      let values = 3 * batch.height * batch.width
      for row in 0..<batch.count {
        let range = (row * values)..<((row + 1) * values)
        views.append(Array(batch.view1.elements[range]) + Array(batch.view2.elements[range]))
      }
    }
    return (views, replaced)
  }

  private func spoiltDataset(_ folder: String, _ damage: Damage) throws -> PairDataset {
    let manifest = try writeDataset(folder, codec: .raw, pairs: 36, shardBytes: 16_000)
    let shards = manifest.shards(of: .train)
    try #require(shards.count >= 3)
    try damage.apply(folder + "/" + shards[1].name)
    return try PairDataset(path: folder)
  }

  @Test(
    "skipped pairs are replaced by others, the same for any number of threads and ranks", arguments: Damage.allCases)
  func skip(damage: Damage) throws {
    try withTemporaryFolder { folder in
      let dataset = try spoiltDataset(folder + "/data", damage)
      let reports = BadPairReports()
      let expected = try samples(dataset, .small(threads: 0, onBadPair: .skip), batches: 20, reports: reports)
      let order = SampleOrder(pairCount: dataset.count, bothOrders: true, seed: 0)
      let bad = (0..<80).filter { position in
        failure { _ = try dataset.images(ofPair: order.sample(at: position).pair) } != nil
      }
      #expect(bad.count > 0 && bad.count < 60 && expected.replaced == bad.count)
      let news = reports.take()
      #expect(news.count == 1 && news.first?.file == dataset.file(ofPair: order.sample(at: bad[0]).pair))
      #expect(news.first?.sentence.contains("train-00001.h5") == true && !reports.hasNews)

      let threaded = try samples(dataset, .small(threads: 3, onBadPair: .skip), batches: 20)
      #expect(threaded.views == expected.views && threaded.replaced == expected.replaced)
      let ranks = try [0..<1, 1..<2].map {
        try samples(
          PairDataset(path: dataset.path), .small(threads: 1, onBadPair: .skip), microBatches: $0, batches: 10)
      }
      let joined = (0..<10).flatMap { step in ranks.flatMap { $0.views[(4 * step)..<(4 * step + 4)] } }
      #expect(joined == expected.views && ranks[0].replaced + ranks[1].replaced == expected.replaced)
    }
  }

  @Test("the other samples are those of the sound data set, and a replaced one is not the spoilt one")
  func others() throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder + "/sound", codec: .raw, pairs: 36, shardBytes: 16_000)
      let sound = try samples(PairDataset(path: folder + "/sound"), .small(threads: 1, onBadPair: .skip), batches: 20)
      let spoilt = try samples(
        spoiltDataset(folder + "/data", .missing), .small(threads: 1, onBadPair: .skip), batches: 20)
      #expect(sound.replaced == 0)
      #expect(zip(sound.views, spoilt.views).count { $0 != $1 } == spoilt.replaced)
    }
  }

  @Test("the default is to fail, with the message of the pair", arguments: Damage.allCases)
  func fail(damage: Damage) throws {
    try withTemporaryFolder { folder in
      let dataset = try spoiltDataset(folder + "/data", damage)
      let found = failure { _ = try samples(dataset, .small(threads: 2, onBadPair: .fail), batches: 20) }
      #expect(found?.kind == (damage == .missing ? .noInput : .badData))
      #expect(found?.message.contains("train-00001.h5") == true)
    }
  }

  @Test("where nothing can be read, skipping ends with the first pair's failure")
  func hopeless() throws {
    try withTemporaryFolder { folder in
      let manifest = try writeDataset(folder + "/data", codec: .raw, pairs: 36, shardBytes: 16_000)
      let dataset = try PairDataset(path: folder + "/data")
      for shard in manifest.shards(of: .train) {
        try FileManager.default.removeItem(atPath: folder + "/data/" + shard.name)
      }
      #expect(failure { _ = try samples(dataset, .small(threads: 2, onBadPair: .skip), batches: 1) }?.kind == .noInput)
    }
  }

  @Test("pairs smaller than the crop count as bad, in training and in validation")
  func small() throws {
    let sizes = [40, 40, 20, 40]
    let images = sizes.enumerated().map { picture($0.offset, width: $0.element, height: $0.element) }
    let source = MemoryPairSource(pairs: images.map { ($0, $0) })
    var configuration = LoaderConfiguration.small(threads: 1, onBadPair: .skip)
    let (_, replaced) = try samples(source, configuration, batches: 2)
    #expect(replaced == 2)
    let loader = try ValidationLoader(source: source, configuration: configuration)
    let batch = try loader.batch(pairs: 0..<4)
    #expect(batch.replacedCount == 1)
    // The bad pair is shown as another one, the same at every call.
    let again = try loader.batch(pairs: [2])
    let values = 3 * batch.height * batch.width
    withExtendedLifetime((batch, again)) {
      #expect(Array(again.view1.elements) == Array(batch.view1.elements[(2 * values)..<(3 * values)]))
    }
    configuration.onBadPair = .fail
    #expect(
      failure { _ = try ValidationLoader(source: source, configuration: configuration).batch(pairs: 0..<4) }?.kind
        == .badData)
  }
}
