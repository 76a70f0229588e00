import Foundation
import Storage

/// One split of a data-set folder: pairs by number, decoded on demand.
///
/// All index arrays are read when it opens; afterwards images are read by `pread` from any number of threads.
public final class PairDataset: PairSource {
  /// The folder.
  public let path: String
  /// The split that was opened.
  public let split: Split
  /// What `manifest.json` says.
  public let manifest: DatasetManifest
  /// XXH3 of `manifest.json`, which holds the digests of all shards: the identity of the data set.
  public let fingerprint: String
  /// The number of pairs.
  public let count: Int
  /// The number of stored images of the split's shards.
  public var imageCount: Int { shards.reduce(0) { $0 + $1.imageCount } }

  let shards: [ShardReader]
  private let starts: [Int]  // The first pair of each shard.

  // Beyond this, shards are opened for each read: the usual limit is 1,024 open files.
  private static let openShardLimit = 512

  /// Opens a split and checks every shard's length and index against the manifest.
  ///
  /// - Throws: `Failure` of kind `noInput` (missing folder or shard) or `badData` (damaged, or the split is empty).
  public init(path: String, split: Split = .train) throws {
    let (manifest, digest) = try DatasetManifest.load(folder: path)
    let entries = manifest.shards(of: split)
    guard !entries.isEmpty else {
      throw Failure(
        .badData, "The data set \(path) has no pairs in its \(split.rawValue) split.",
        hint: "Splits go by scene: convert with another --validation share, or with more scenes.")
    }
    var shards: [ShardReader] = []
    var starts: [Int] = []
    var count = 0
    for entry in entries {
      let shard = try ShardReader(
        path: path + "/" + entry.name, entry: entry, codec: manifest.codec,
        keepsOpen: entries.count <= Self.openShardLimit)
      shards.append(shard)
      starts.append(count)
      count += shard.pairCount
    }
    self.path = path
    self.split = split
    self.manifest = manifest
    fingerprint = digest.description
    self.shards = shards
    self.starts = starts
    self.count = count
  }

  /// Decodes both images of a pair.
  public func images(ofPair index: Int) throws -> (view1: RGBImage, view2: RGBImage) {
    let (shard, pair) = locate(index)
    let (view1, view2) = shard.images(ofPair: pair)
    let first = try shard.image(view1)
    return (first, view2 == view1 ? first : try shard.image(view2))
  }

  /// The number of a pair's scene.
  public func scene(ofPair index: Int) -> Int {
    let (shard, pair) = locate(index)
    return Int(shard.scenes[pair])
  }

  /// The share of view 1 that view 2 sees, or NaN where unknown.
  public func overlap(ofPair index: Int) -> Float {
    let (shard, pair) = locate(index)
    return shard.overlaps[pair]
  }

  /// The flow from view 1 to view 2 in pixels, NaN where occluded: [H, W, 2]; nil where the data set has none.
  ///
  /// - Throws: `Failure` of kind `badData` or `inputOutput` that names the pair.
  public func flow(ofPair index: Int) throws -> [Float]? {
    let (shard, pair) = locate(index)
    return try shard.flow(ofPair: pair)
  }

  /// Where the two images of a pair came from.
  public func sources(ofPair index: Int) -> (view1: String, view2: String) {
    let (shard, pair) = locate(index)
    let (view1, view2) = shard.images(ofPair: pair)
    return (shard.source(ofImage: view1), shard.source(ofImage: view2))
  }

  /// Height and width of the two images of a pair in pixels, without decoding them.
  public func sizes(ofPair index: Int) -> (view1: (height: Int, width: Int), view2: (height: Int, width: Int)) {
    let (shard, pair) = locate(index)
    let (view1, view2) = shard.images(ofPair: pair)
    return (shard.size(ofImage: view1), shard.size(ofImage: view2))
  }

  private func locate(_ index: Int) -> (shard: ShardReader, pair: Int) {
    precondition((0..<count).contains(index), "pair \(index) is outside 0..<\(count)")
    // The last shard that starts at or before the pair, by bisection.
    var (low, high) = (0, starts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= index { low = middle } else { high = middle }
    }
    return (shards[low], index - starts[low])
  }
}
