import DataFixtures
import Foundation
import PairData
import Testing

@Suite("Loading: data sets on disk", .timeLimit(.minutes(2)))
struct LoadingDatasetTests {
  private func views(_ loader: PairLoader, batches: Int) throws -> [Float] {
    var values: [Float] = []
    for _ in 0..<batches {
      let batch = try loader.next()
      withExtendedLifetime(batch) { values += Array(batch.view1.elements) + Array(batch.view2.elements) }
    }
    return values
  }

  @Test("Batches from disk equal batches from memory, for any number of threads")
  func equalsMemory() throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder + "/data", codec: .jpeg(quality: 90), shardBytes: 4_000)
      let dataset = try PairDataset(path: folder + "/data")
      let memory = try MemoryPairSource(dataset, pairs: 0..<dataset.count)
      let expected = try views(
        PairLoader(source: memory, configuration: .small(threads: 0), globalBatchSize: 8), batches: 9)
      for threads in [0, 1, 3] {
        let loader = try PairLoader(source: dataset, configuration: .small(threads: threads), globalBatchSize: 8)
        #expect(try views(loader, batches: 9) == expected)
      }
    }
  }

  @Test("A damaged image stops the loader at the batch that needs it, with one message", arguments: [0, 1, 3])
  func damaged(threads: Int) throws {
    try withTemporaryFolder { folder in
      let manifest = try writeDataset(folder + "/data", codec: .raw)
      let dataset = try PairDataset(path: folder + "/data")
      // The middle of an uncompressed shard lies within its pixels.
      let shard = folder + "/data/" + (try #require(manifest.shards(of: .train).first)).name
      var bytes = try Data(contentsOf: URL(fileURLWithPath: shard))
      bytes[bytes.count / 2] ^= 1
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: shard))
      try file.write(contentsOf: bytes)
      try file.close()

      let order = SampleOrder(pairCount: dataset.count, bothOrders: true, seed: 0)
      let bad = try #require(
        (0..<order.sampleCount).first { position in
          failure { _ = try dataset.images(ofPair: order.sample(at: position).pair) } != nil
        })
      let expected = try #require(failure { _ = try dataset.images(ofPair: order.sample(at: bad).pair) })
      let loader = try PairLoader(source: dataset, configuration: .small(threads: threads), globalBatchSize: 4)
      for _ in 0..<(bad / 4) { _ = try loader.next() }
      for _ in 0..<2 { #expect(failure { _ = try loader.next() } == expected) }
      #expect(expected.kind == .badData)
    }
  }
}
