import DataFixtures
import Foundation
import PairData
import Runtime
import Testing

/// 20,000 shards of 50,000 pairs, of which seven exist: two different files under several names.
private struct BillionPairs {
  static let shardCount = 20_000
  static let pairsPerShard = 50_000
  static let imageCount = 23
  /// Shards that exist; the odd ones are the second file.
  static let present = [0, 1, 7_777, 12_344, 12_345, 19_998, 19_999]

  /// The pictures of pair `pair` of shard `shard`.
  static func pictures(shard: Int, pair: Int) -> (view1: RGBImage, view2: RGBImage) {
    let (first, second) = (pair % imageCount, pair / imageCount % imageCount)
    let base = shard % 2 * imageCount
    return (picture(base + first, width: 6, height: 5), picture(base + second, width: 6, height: 5))
  }

  static func write(_ folder: String) throws {
    var entries: [[String: Any]] = []
    var manifest: [String: Any] = [:]
    for kind in 0..<2 {
      let part = folder + "/part \(kind)"
      let writer = try DatasetWriter(output: part, options: .init(codec: .raw, validationFraction: 0))
      let images = try (0..<imageCount).map {
        try writer.addImage(picture(kind * imageCount + $0, width: 6, height: 5), source: "\(kind) \($0)")
      }
      for pair in 0..<pairsPerShard {
        try writer.addPair(
          images[pair % imageCount], images[pair / imageCount % imageCount], scene: "scene \(pair % 100)")
      }
      _ = try writer.finish()
      let data = try Data(contentsOf: URL(fileURLWithPath: part + "/manifest.json"))
      manifest = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      let splits = try #require(manifest["splits"] as? [String: [[String: Any]]])
      entries.append(try #require(splits["train"]?.first))
    }
    let shards = (0..<shardCount).map { shard in
      entries[shard % 2].merging(["name": name(shard)]) { $1 }
    }
    manifest["splits"] = ["train": shards, "val": []]
    let text = try JSONSerialization.data(withJSONObject: manifest, options: [.prettyPrinted, .sortedKeys])
    try text.write(to: URL(fileURLWithPath: folder + "/manifest.json"))
    for shard in present {
      try FileManager.default.linkItem(
        atPath: folder + "/part \(shard % 2)/train-00000.h5", toPath: folder + "/" + name(shard))
    }
  }

  static func name(_ shard: Int) -> String { String(format: "train-%05d.h5", shard) }
}

@Suite("Loading: a thousand million pairs", .timeLimit(.minutes(2)))
struct LoadingScaleTests {
  private static func residentBytes() -> Int {
    let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    return (text?.split(separator: " ").dropFirst().first).flatMap { Int($0) }.map { $0 * 4096 } ?? 0
  }

  @Test("20,000 shards open in bounded memory, have an order, and are read through two open files")
  func billion() throws {
    try withTemporaryFolder { folder in
      try BillionPairs.write(folder)
      let before = Self.residentBytes()
      let dataset = try PairDataset(path: folder, openShards: 2)
      let order = SampleOrder(pairCount: dataset.count, bothOrders: true, seed: 3)
      #expect(dataset.count == 1_000_000_000 && order.sampleCount == 2_000_000_000)

      // The order at random places: in range, without repetition, with the shard that the pair's number says.
      var random = RandomStream(seed: 1, purpose: .test)
      var seen: Set<Int> = []
      for _ in 0..<2_000 {
        let place = random.nextIndex(below: order.sampleCount)
        let sample = order.sample(at: order.sampleCount + place)
        #expect(sample.epoch == 1 && seen.insert(sample.index).inserted == true || place == sample.index)
        let shard = sample.pair / BillionPairs.pairsPerShard
        #expect(dataset.file(ofPair: sample.pair) == folder + "/" + BillionPairs.name(shard))
      }

      // Reads through a cache of two of the seven shards that exist.
      for _ in 0..<300 {
        let shard = BillionPairs.present[random.nextIndex(below: BillionPairs.present.count)]
        let pair = random.nextIndex(below: BillionPairs.pairsPerShard)
        let index = shard * BillionPairs.pairsPerShard + pair
        #expect(try dataset.images(ofPair: index) == BillionPairs.pictures(shard: shard, pair: pair))
        #expect(try dataset.scene(ofPair: index) == pair % 100)
        #expect(dataset.openShardCount <= 2)
      }
      let missing = failure { _ = try dataset.images(ofPair: 3 * BillionPairs.pairsPerShard + 1) }
      #expect(missing?.kind == .noInput && missing?.message.contains("train-00003.h5 is missing") == true)
      // Index arrays in memory would take 16 GB, and a stored order as much; other tests run beside this one.
      #expect(Self.residentBytes() - before < 256 << 20)
    }
  }

  @Test("many threads read many shards through a small cache")
  func threads() throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder + "/data", codec: .png, pairs: 36, shardBytes: 9_000)
      let dataset = try PairDataset(path: folder + "/data", openShards: 2)
      #expect(dataset.shardNumbers.count > 4)
      let expected = try (0..<dataset.count).map { try dataset.images(ofPair: $0).view2 }
      let pool = WorkerPool(workerCount: 4)
      let wrong = UnsafeMutableBufferPointer<Bool>.allocate(capacity: 400)
      wrong.initialize(repeating: true)
      defer { wrong.deallocate() }
      nonisolated(unsafe) let results = wrong
      pool.run(400) { task, _ in
        let pair = task * 7 % dataset.count
        results[task] = (try? dataset.images(ofPair: pair).view2) != expected[pair]
      }
      #expect(!wrong.contains(true))
      #expect(dataset.openShardCount <= 2)
    }
  }

  @Test("a shard that is replaced while its file is closed is noticed")
  func replaced() throws {
    try withTemporaryFolder { folder in
      let manifest = try writeDataset(folder + "/data", codec: .png, pairs: 36, shardBytes: 9_000)
      let dataset = try PairDataset(path: folder + "/data", openShards: 1)
      _ = try dataset.images(ofPair: 0)
      _ = try dataset.images(ofPair: dataset.count - 1)
      let path = folder + "/data/" + (try #require(manifest.shards(of: .train).first)).name
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      try FileManager.default.removeItem(atPath: path)
      try bytes.write(to: URL(fileURLWithPath: path))
      #expect(failure { _ = try dataset.images(ofPair: 0) }?.message.contains("was changed while") == true)
    }
  }

  @Test("only the shards that are there count where those present are asked for, and pairs keep their numbers")
  func present() throws {
    try withTemporaryFolder { folder in
      let manifest = try writeDataset(folder + "/data", codec: .png, pairs: 36, shardBytes: 9_000)
      let all = try PairDataset(path: folder + "/data")
      let entries = manifest.shards(of: .train)
      for number in [0, 2] { try FileManager.default.removeItem(atPath: folder + "/data/" + entries[number].name) }
      let part = try PairDataset(path: folder + "/data", shards: .present)
      #expect(part.shardNumbers == Array(all.shardNumbers.filter { $0 != 0 && $0 != 2 }))
      #expect(part.count == all.count - entries[0].pairs - entries[2].pairs)
      for pair in 0..<part.count {
        let number = part.number(ofPair: pair)
        #expect(all.number(ofPair: number) == number)
        #expect(try part.images(ofPair: pair) == all.images(ofPair: number))
      }
      #expect(failure { try all.checkLengths(0..<entries.count) }?.kind == .noInput)
      for entry in entries { try? FileManager.default.removeItem(atPath: folder + "/data/" + entry.name) }
      #expect(failure { _ = try PairDataset(path: folder + "/data", shards: .present) }?.kind == .noInput)
    }
  }
}
