import Foundation
import Runtime
import Storage

/// Which shards of a data set a process works with.
package enum ShardSelection: Sendable {
  /// All of the manifest; one that is missing is a failure of its pairs.
  case all
  /// Those whose files exist here: node-local disks.
  case present
}

/// One split of a data-set folder: pairs by number, decoded on demand, from any number of threads.
///
/// Memory does not grow with the number of pairs: the manifest says how many pairs each shard has, shards are opened and
/// checked when they are first needed, and their indices are read where they are asked for.
package final class PairDataset: PairSource {
  /// The folder.
  package let path: String
  /// The split that was opened.
  package let split: Split
  /// What `manifest.json` says.
  package let manifest: DatasetManifest
  /// XXH3 of `manifest.json`, which holds the digests of all shards: the identity of the data set.
  package let fingerprint: String
  /// The shards that are read here, as places in the manifest's list; ascending.
  package let shardNumbers: [Int]
  /// The number of pairs.
  package let count: Int
  /// The number of stored images of the shards that are read here.
  package var imageCount: Int { shardNumbers.reduce(0) { $0 + entries[$1].images } }

  /// How many shards are open.
  package var openShardCount: Int { cache.openCount }

  private let cache: ShardCache
  private let entries: [DatasetManifest.Shard]
  // The first pair of each shard: here, and in the whole split.
  private let starts: [Int]
  private let globalStarts: [Int]
  // The first stored image of each shard.
  private let imageStarts: [Int]

  /// Opens a split; shards are opened and checked when they are first needed.
  ///
  /// - Parameter openShards: how many shards stay open; nil for as many as half the files that the process may open.
  /// - Throws: `Failure` of kind `noInput` (missing folder; no shard where those present are asked for) or `badData`
  ///   (damaged manifest, or the split is empty).
  package init(
    path: String, split: Split = .train, shards selection: ShardSelection = .all, openShards: Int? = nil
  ) throws {
    let (manifest, digest) = try DatasetManifest.load(folder: path)
    let entries = manifest.shards(of: split)
    guard !entries.isEmpty else {
      throw Failure(
        .badData, "The data set \(path) has no pairs in its \(split.rawValue) split.",
        hint: split == .validation ? .withoutValidation : "Convert with a smaller \(.validationShare) share.")
    }
    let numbers = entries.indices.filter {
      selection == .all || FileSystem.exists(path.appending(path: entries[$0].name))
    }
    guard !numbers.isEmpty else {
      throw Failure(
        .noInput, "None of the \(entries.count) shards of \(path) is there.",
        hint: "With \(.localSharding) every rank needs some of the shards on its own disk.")
    }
    let globalStarts = Self.starts(entries, \.pairs)
    self.path = path
    self.split = split
    self.manifest = manifest
    self.entries = entries
    fingerprint = digest.description
    shardNumbers = numbers
    starts = Self.starts(numbers.map { entries[$0] }, \.pairs)
    imageStarts = Self.starts(numbers.map { entries[$0] }, \.images)
    self.globalStarts = numbers.map { globalStarts[$0] }
    count = numbers.reduce(0) { $0 + entries[$1].pairs }
    let codec = manifest.codec
    cache = ShardCache(shardCount: numbers.count, limit: openShards ?? ShardCache.defaultLimit) { shard, layout in
      let entry = entries[numbers[shard]]
      return try layout.map { layout throws(Failure) in
        try ShardReader(path: path.appending(path: entry.name), layout: layout)
      } ?? ShardReader(folder: path, entry: entry, codec: codec)
    }
  }

  /// Checks that some of the shards are there and as long as the manifest says; reads none of them.
  ///
  /// - Parameter places: places in ``shardNumbers``.
  /// - Throws: `Failure` of kind `noInput` (missing) or `badData` (another length) that names the shard.
  package func checkLengths(_ places: Range<Int>) throws(Failure) {
    for place in places {
      let entry = entries[shardNumbers[place]]
      try ShardFile.checkLength(path.appending(path: entry.name), against: entry)
    }
  }

  /// Decodes both images of a pair.
  package func images(ofPair index: Int) throws -> (view1: RGBImage, view2: RGBImage) {
    let (shard, pair) = try locate(index)
    let (view1, view2) = try shard.images(ofPair: pair)
    let first = try shard.image(view1)
    return (first, view2 == view1 ? first : try shard.image(view2))
  }

  /// The number of a pair's scene.
  ///
  /// - Throws: `Failure` of its shard.
  package func scene(ofPair index: Int) throws -> Int {
    let (shard, pair) = try locate(index)
    return Int(try shard.scene(ofPair: pair))
  }

  /// The share of view 1 that view 2 sees, or NaN where unknown.
  ///
  /// - Throws: `Failure` of its shard.
  package func overlap(ofPair index: Int) throws -> Float {
    let (shard, pair) = try locate(index)
    return try shard.overlap(ofPair: pair)
  }

  /// The flow from view 1 to view 2 in pixels, NaN where occluded: [H, W, 2]; nil where the data set has none.
  ///
  /// - Throws: `Failure` of kind `badData` or `inputOutput` that names the pair.
  package func flow(ofPair index: Int) throws -> [Float]? {
    let (shard, pair) = try locate(index)
    return try shard.flow(ofPair: pair)
  }

  /// Where the two images of a pair came from.
  ///
  /// - Throws: `Failure` of its shard.
  package func sources(ofPair index: Int) throws -> (view1: String, view2: String) {
    let (shard, pair) = try locate(index)
    let (view1, view2) = try shard.images(ofPair: pair)
    return (try shard.source(ofImage: view1), try shard.source(ofImage: view2))
  }

  /// Height and width of the two images of a pair in pixels, without decoding them.
  ///
  /// - Throws: `Failure` of its shard.
  package func sizes(ofPair index: Int) throws -> (view1: (height: Int, width: Int), view2: (height: Int, width: Int)) {
    let (shard, pair) = try locate(index)
    let (view1, view2) = try shard.images(ofPair: pair)
    return (try shard.size(ofImage: view1), try shard.size(ofImage: view2))
  }

  /// Decodes a stored image, of ``imageCount``: those of the first shard, then those of the next.
  ///
  /// - Throws: `Failure` of kind `badData` or `inputOutput` that names it.
  package func image(_ index: Int) throws -> RGBImage {
    let (shard, image) = try locate(image: index)
    return try shard.image(image)
  }

  /// Where a stored image came from.
  ///
  /// - Throws: `Failure` of its shard.
  package func source(ofImage index: Int) throws -> String {
    let (shard, image) = try locate(image: index)
    return try shard.source(ofImage: image)
  }

  /// The number of a pair in the whole split, which keys its random draws: with all shards, `index` itself.
  package func number(ofPair index: Int) -> Int {
    let shard = shard(ofPair: index)
    return globalStarts[shard] + index - starts[shard]
  }

  /// The path of the shard that holds a pair.
  package func file(ofPair index: Int) -> String {
    path.appending(path: entries[shardNumbers[shard(ofPair: index)]].name)
  }

  /// Asks the system to fetch the images of a pair; returns once its shard's index is known.
  package func prefetch(pair index: Int) throws {
    let (shard, pair) = try locate(index)
    try shard.advise(pair: pair)
  }

  private func locate(_ index: Int) throws -> (shard: ShardReader, pair: Int) {
    let shard = shard(ofPair: index)
    return (try cache.reader(shard), index - starts[shard])
  }

  private func locate(image index: Int) throws -> (shard: ShardReader, image: Int) {
    precondition((0..<imageCount).contains(index), "image \(index) is outside 0..<\(imageCount)")
    let shard = Self.last(of: imageStarts, upTo: index)
    return (try cache.reader(shard), index - imageStarts[shard])
  }

  private func shard(ofPair index: Int) -> Int {
    precondition((0..<count).contains(index), "pair \(index) is outside 0..<\(count)")
    return Self.last(of: starts, upTo: index)
  }

  /// The last shard that starts at or before a pair or image, by bisection.
  private static func last(of starts: [Int], upTo index: Int) -> Int {
    var (low, high) = (0, starts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= index { low = middle } else { high = middle }
    }
    return low
  }

  private static func starts(_ entries: [DatasetManifest.Shard], _ count: KeyPath<DatasetManifest.Shard, Int>) -> [Int]
  {
    var next = 0
    return entries.map { entry in
      defer { next += entry[keyPath: count] }
      return next
    }
  }
}

extension Advice.Term {
  /// Every rank reading the shards on its own disk.
  package static let localSharding = Advice.Term("shards on local disks")
}

extension Advice {
  /// What to do where no pairs are held out.
  fileprivate static let withoutValidation: Advice =
    "Hold some out (a conversion with a \(.validationShare) share above 0, or \(.splitting)), name another data set as"
    + " data.validation_path, or do without: validation.every_steps 0 and pictures.every_steps 0."
}
