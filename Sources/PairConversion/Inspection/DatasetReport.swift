import Foundation
import PairData
import Runtime

/// What a data set holds; encodes to JSON as it is.
package struct DatasetReport: Codable, Sendable, Equatable {
  /// One split.
  package struct SplitReport: Codable, Sendable, Equatable {
    /// The split's name: train or val.
    package let name: String
    /// The number of pairs.
    package let pairs: Int
    /// The number of stored images.
    package let images: Int
    /// The number of scenes.
    package let scenes: Int
    /// The number of shard files.
    package let shards: Int
    /// The bytes of all shard files.
    package let bytes: Int
    /// The smallest and largest height and width of an image in pixels, as [height, width].
    package let smallest: [Int]
    /// The largest, as ``smallest``.
    package let largest: [Int]
    /// Pairs whose overlap is known, by tenths from 0 to 1.
    package let overlapHistogram: [Int]
    /// The mean of the known overlaps, or nil.
    package let meanOverlap: Float?
  }

  /// The folder.
  package let path: String
  /// The name of the format.
  package let format: String
  /// The version of the format.
  package let version: Int
  /// How images are stored: keep, jpeg, png or raw.
  package let codec: String
  /// JPEG quality where images were encoded as JPEG.
  package let quality: Int?
  /// Whether pairs have their true flow.
  package let hasFlow: Bool
  /// Licence or origin of the images, where it was recorded.
  package let licence: String?
  /// The program that wrote it.
  package let tool: String
  /// The seed of splits, gaps and crops.
  package let seed: UInt64
  /// XXH3 of the manifest: the identity of the data set.
  package let fingerprint: String
  /// The splits, in the manifest's order.
  package let splits: [SplitReport]

  /// Opens and describes a data set; lengths and indices of all shards are checked on the way.
  ///
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the shard.
  package init(path: String) throws {
    let (manifest, digest) = try DatasetManifest.load(folder: path)
    self.path = path
    format = manifest.format
    version = manifest.version
    codec = manifest.codec
    quality = manifest.quality
    hasFlow = manifest.flow
    licence = manifest.licence
    tool = manifest.tool
    seed = manifest.seed
    fingerprint = digest.description
    splits = try Split.allCases.filter { !manifest.shards(of: $0).isEmpty }.map { split in
      try Self.describe(split, of: manifest, in: path)
    }
  }

  private static func describe(_ split: Split, of manifest: DatasetManifest, in folder: String) throws -> SplitReport {
    let entries = manifest.shards(of: split)
    var scenes: Set<UInt32> = []
    var smallest = [Int.max, Int.max]
    var largest = [0, 0]
    var histogram = [Int](repeating: 0, count: 10)
    var overlapSum = 0.0
    for entry in entries {
      let shard = try ShardReader(folder: folder, entry: entry, codec: manifest.codec)
      scenes.formUnion(try shard.scenes)
      for (place, side) in try shard.sizes.enumerated() {
        smallest[place % 2] = min(smallest[place % 2], Int(side))
        largest[place % 2] = max(largest[place % 2], Int(side))
      }
      for overlap in try shard.overlaps where overlap.isFinite {
        histogram[min(9, max(0, Int(min(1, max(0, overlap)) * 10)))] += 1
        overlapSum += Double(overlap)
      }
    }
    let known = histogram.reduce(0, +)
    return SplitReport(
      name: split.rawValue, pairs: manifest.pairCount(of: split), images: entries.reduce(0) { $0 + $1.images },
      scenes: scenes.count,
      shards: entries.count, bytes: entries.reduce(0) { $0 + $1.bytes }, smallest: smallest, largest: largest,
      overlapHistogram: histogram, meanOverlap: known == 0 ? nil : Float(overlapSum / Double(known)))
  }
}
