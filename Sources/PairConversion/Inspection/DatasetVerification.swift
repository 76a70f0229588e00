import PairData
import Runtime
import Storage

/// Checks everything in a data set: digests of whole shards, checksums, and that every image decodes.
package struct DatasetVerification: Sendable {
  /// What was found wrong, in the order of the shards; empty for a sound data set.
  package let problems: [Failure]
  /// How many items were checked.
  package let shardCount: Int, imageCount: Int

  /// Verifies the data set at `path` with some threads.
  ///
  /// - Parameter progress: receives how many images of how many are checked.
  /// - Throws: `Failure` where the manifest itself cannot be used; damage of shards is a problem, not an error.
  package init(
    path: String, threadCount: Int = 1, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    let manifest = try DatasetManifest(folder: path)
    let shards = manifest.allShards
    let total = shards.reduce(0) { $0 + $1.images }
    let pool = WorkerPool(workerCount: threadCount)
    var problems: [Failure] = []
    var imageCount = 0
    for entry in shards {
      do {
        let shard = try ShardReader(folder: path, entry: entry, codec: manifest.codec)
        let found = Self.problems(of: shard, pool) { progress(imageCount + $0, total) }
        problems += found
        imageCount += shard.imageCount
        if found.isEmpty, try FileDigest(ofFile: shard.path).description != entry.xxh3 {
          problems.append(
            Failure(.badData, "Shard \(shard.path) is damaged: its digest does not match the manifest."))
        }
      } catch {
        problems.append(Failure(describing: error))
      }
    }
    self.problems = problems
    self.imageCount = imageCount
    shardCount = shards.count
  }

  private static func problems(of shard: ShardReader, _ pool: WorkerPool, progress: (Int) -> Void) -> [Failure] {
    let items = shard.imageCount + shard.pairCount
    let batchSize = 64 * pool.workerCount
    var problems: [Failure] = []
    for start in stride(from: 0, to: items, by: batchSize) {
      let count = min(batchSize, items - start)
      let results = pool.map(count) { task, _ in
        let item = start + task
        if item < shard.imageCount {
          _ = try shard.image(item)
        } else {
          _ = try shard.flow(ofPair: item - shard.imageCount)
        }
      }
      for case .failure(let error) in results { problems.append(Failure(describing: error)) }
      progress(min(start + count, shard.imageCount))
    }
    return problems
  }
}
