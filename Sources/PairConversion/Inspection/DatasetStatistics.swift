import Foundation
import PairData
import Runtime

/// What the images of a data set are like; encodes to JSON as it is.
package struct DatasetStatistics: Codable, Sendable, Equatable {
  /// Images of one size.
  package struct SizeCount: Codable, Sendable, Equatable {
    /// Height and width in pixels, and the number of stored images.
    package let height: Int, width: Int, images: Int
  }

  /// One split.
  package struct SplitStatistics: Codable, Sendable, Equatable {
    /// The split's name: train or val.
    package let name: String
    /// The number of different sizes.
    package let sizeCount: Int
    /// The most frequent sizes, at most ``sizeLimit``, the most frequent first.
    package let sizes: [SizeCount]
    /// The smallest, median and largest number of pairs of a scene.
    package let pairsPerScene: [Int]
    /// How many images were decoded for what follows.
    package let sampledImages: Int
    /// The mean of red, green and blue over all pixels of the sampled images, 0 to 1.
    package let mean: [Double]
    /// Their standard deviation, as ``mean``.
    package let deviation: [Double]
  }

  /// The most sizes that are listed.
  static let sizeLimit = 20

  /// The splits, in the manifest's order.
  package let splits: [SplitStatistics]

  /// Reads the index of all shards, and decodes a sample that depends on nothing but the number of images.
  ///
  /// - Parameters:
  ///   - sample: the largest number of images to decode, of each split.
  ///   - progress: receives how many images of how many are decoded.
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the shard.
  package init(
    path: String, sample: Int, threadCount: Int = 1, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    let manifest = try DatasetManifest(folder: path)
    let total = Split.allCases.reduce(0) { total, split in
      total + min(sample, manifest.shards(of: split).reduce(0) { $0 + $1.images })
    }
    let pool = WorkerPool(workerCount: threadCount)
    var done = 0
    splits = try Split.allCases.filter { !manifest.shards(of: $0).isEmpty }.map { split in
      let result = try Self.describe(path, manifest, split, sample, pool) { progress(done + $0, total) }
      done += result.sampledImages
      return result
    }
  }

  private static func describe(
    _ path: String, _ manifest: DatasetManifest, _ split: Split, _ sample: Int, _ pool: WorkerPool,
    _ progress: (Int) -> Void
  ) throws -> SplitStatistics {
    let entries = manifest.shards(of: split)
    let chosen = sampleNumbers(sample, of: entries.reduce(0) { $0 + $1.images })
    var (sizes, scenes) = ([[Int]: Int](), [UInt32: Int]())
    var sums = ChannelSums()
    var (first, next) = (0, 0)
    for entry in entries {
      let shard = try ShardReader(folder: path, entry: entry, codec: manifest.codec)
      for scene in try shard.scenes { scenes[scene, default: 0] += 1 }
      let sides = try shard.sizes
      for image in 0..<entry.images { sizes[[Int(sides[2 * image]), Int(sides[2 * image + 1])], default: 0] += 1 }
      let end = chosen[next...].firstIndex { $0 >= first + entry.images } ?? chosen.count
      sums += try decode(chosen[next..<end].map { $0 - first }, of: shard, pool)
      (first, next) = (first + entry.images, end)
      progress(next)
    }
    let frequent = sizes.map { SizeCount(height: $0.key[0], width: $0.key[1], images: $0.value) }.sorted {
      ($1.images, $0.height, $0.width) < ($0.images, $1.height, $1.width)
    }
    let counts = scenes.values.sorted()
    return SplitStatistics(
      name: split.rawValue, sizeCount: sizes.count, sizes: Array(frequent.prefix(sizeLimit)),
      pairsPerScene: [counts[0], counts[counts.count / 2], counts[counts.count - 1]], sampledImages: chosen.count,
      mean: sums.mean, deviation: sums.deviation)
  }

  /// Ascending numbers, spread over all images but not evenly: evenly spaced ones could all be left views.
  static func sampleNumbers(_ sample: Int, of count: Int) -> [Int] {
    guard sample < count else { return Array(0..<count) }
    let golden = 0.618_033_988_749_894_9
    return (0..<sample).map { index in
      let place = Double(index) + (Double(index) * golden).truncatingRemainder(dividingBy: 1)
      return min(count - 1, Int(place * Double(count) / Double(sample)))
    }
  }

  private static func decode(_ images: [Int], of shard: ShardReader, _ pool: WorkerPool) throws -> ChannelSums {
    let sums = pool.map(images.count) { task, _ in ChannelSums(of: try shard.image(images[task])) }
    return try sums.reduce(into: ChannelSums()) { $0 += try $1.get() }
  }
}

/// Sums over pixels, of each channel: whole numbers, so that their order does not matter.
struct ChannelSums {
  private var pixels: UInt64 = 0
  private var values = SIMD4<UInt64>()
  private var squares = SIMD4<UInt64>()

  init() {}

  init(of image: RGBImage) {
    pixels = UInt64(image.width * image.height)
    image.pixels.withUnsafeBufferPointer { source in
      for pixel in 0..<image.width * image.height {
        for channel in 0..<3 {
          let value = UInt64(source[3 * pixel + channel])
          values[channel] += value
          squares[channel] += value * value
        }
      }
    }
  }

  static func += (left: inout ChannelSums, right: ChannelSums) {
    left.pixels += right.pixels
    left.values &+= right.values
    left.squares &+= right.squares
  }

  /// [3], 0 to 1.
  var mean: [Double] { (0..<3).map { Double(values[$0]) / Double(max(1, pixels)) / 255 } }

  /// [3], of all pixels (not of a sample of them), 0 to 1.
  var deviation: [Double] {
    (0..<3).map { channel in
      let mean = Double(values[channel]) / Double(max(1, pixels))
      return max(0, Double(squares[channel]) / Double(max(1, pixels)) - mean * mean).squareRoot() / 255
    }
  }
}
