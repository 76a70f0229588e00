import Foundation
import PairData
import Storage

/// Which pairs go to which shard: a function of the list, the options and the survey alone, made before any image is
/// decoded. So every rank knows all shards, and the content of a shard depends on no other.
struct ShardPlan: Sendable {
  /// The pairs of one shard.
  struct Shard: Sendable {
    let split: Split
    /// The file's name.
    let name: String
    /// The numbers of its pairs, ascending.
    fileprivate(set) var pairs: [Int]
  }

  /// All shards, in the order of their first pairs.
  private(set) var shards: [Shard] = []
  /// The number of each pair's scene; scenes are numbered in order of appearance.
  private(set) var scenes: [UInt32] = []
  /// The numbers of the images.
  let images: ImageTable
  /// The size that all images need, for `raw` without a preparation.
  let rawSize: DatasetManifest.ImageSize?

  /// Fills shards in the order of the list, each split its own, until the next pair's estimated bytes would be too many.
  init(_ pairs: [PairCandidate], options: ConversionOptions, survey: ConversionSurvey) {
    images = ImageTable(pairs)
    rawSize = survey.rawSize
    let estimate = StoredSizeEstimate(options, survey)
    var numbers: [ExactText: UInt32] = [:]
    var splits: [Split] = []
    var open: [Split: OpenShard] = [:]
    for (index, pair) in pairs.enumerated() {
      let name = ExactText(pair.scene)
      let scene = numbers[name] ?? UInt32(numbers.count)
      if scene == splits.count {
        numbers[name] = scene
        splits.append(pair.split ?? options.dataset.split(ofScene: pair.scene))
      }
      scenes.append(scene)
      let split = splits[Int(scene)]
      precondition(pair.split ?? split == split, "scene \(pair.scene) is wanted in both splits")
      open[split, default: OpenShard(imageCount: images.count)].add(
        index, images.images(ofPair: index), split, limit: options.dataset.shardBytes, estimate, to: &shards)
    }
  }

  /// The images of a shard, each once, in order of appearance.
  func images(of shard: Shard) -> [Int] {
    var seen: Set<Int> = []
    var result: [Int] = []
    for pair in shard.pairs {
      let (view1, view2) = images.images(ofPair: pair)
      if seen.insert(view1).inserted { result.append(view1) }
      if seen.insert(view2).inserted { result.append(view2) }
    }
    return result
  }

  /// The shard of a split that is being filled.
  private struct OpenShard {
    /// Which of the split's shards each image was put in last; 0: none.
    private var lastShard: [UInt32]
    private var count: UInt32 = 0
    private var place = 0
    private var bytes = 0

    init(imageCount: Int) { lastShard = [UInt32](repeating: 0, count: imageCount) }

    mutating func add(
      _ pair: Int, _ views: (view1: Int, view2: Int), _ split: Split, limit: Int, _ estimate: StoredSizeEstimate,
      to shards: inout [Shard]
    ) {
      if count == 0 || bytes + cost(views, estimate) > limit {
        count += 1
        bytes = 0
        place = shards.count
        shards.append(Shard(split: split, name: split.shardName(Int(count) - 1), pairs: []))
      }
      bytes += cost(views, estimate)
      lastShard[views.view1] = count
      lastShard[views.view2] = count
      shards[place].pairs.append(pair)
    }

    private func cost(_ views: (view1: Int, view2: Int), _ estimate: StoredSizeEstimate) -> Int {
      var bytes = lastShard[views.view1] == count ? 0 : estimate.bytes(ofImage: views.view1)
      if views.view2 != views.view1, lastShard[views.view2] != count { bytes += estimate.bytes(ofImage: views.view2) }
      return bytes
    }
  }
}

/// How many bytes an image will take in a shard, as far as that can be known before it is decoded.
///
/// Exact for `keep` (the file's length) and `raw` (3 bytes a pixel). With a size, JPEG counts 0.25 bytes a pixel up to
/// quality 84, 0.5 up to 97 and 1 above, PNG 2; without one, both count as much as their files.
struct StoredSizeEstimate {
  private let common: Int?
  private let lengths: [Int]

  init(_ options: ConversionOptions, _ survey: ConversionSurvey) {
    lengths = survey.lengths
    guard let pixels = options.preparation.map({ $0.height * $0.width }) else {
      common = survey.rawSize.map { $0.height * $0.width * 3 }
      return
    }
    switch options.dataset.codec {
    case .raw: common = 3 * pixels
    case .png, .keep: common = 2 * pixels
    case .jpeg(let quality): common = max(1, pixels * (quality < 85 ? 1 : quality < 98 ? 2 : 4) / 4)
    }
  }

  func bytes(ofImage image: Int) -> Int { common ?? lengths[image] }
}
