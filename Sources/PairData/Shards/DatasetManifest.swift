import Foundation
import Runtime
import Storage

/// `manifest.json` of a data set: what its shards are, and how to recognise damage before HDF5 touches them.
package struct DatasetManifest: Codable, Sendable, Equatable {
  /// The value of `format` in manifests and shards.
  static let formatName = "croco-pairs"
  /// The newest version of the format, which this program writes; it reads this one and all before.
  static let formatVersion = 1
  /// The manifest's file name.
  package static let fileName = "manifest.json"

  /// Height and width in pixels.
  package struct ImageSize: Codable, Sendable, Equatable {
    /// Height in pixels.
    package let height: Int
    /// Width in pixels.
    package let width: Int

    /// A size in pixels.
    package init(height: Int, width: Int) {
      self.height = height
      self.width = width
    }

    /// The size in words.
    var text: String { sizeText(height: height, width: width) }
  }

  /// One shard file.
  package struct Shard: Codable, Sendable, Equatable {
    /// The file's name in the folder.
    package let name: String
    /// The file's length in bytes.
    package let bytes: Int
    /// The number of pairs.
    package let pairs: Int
    /// The number of stored images.
    package let images: Int
    /// XXH3 of the whole file, 16 hexadecimal digits.
    package let xxh3: String
    /// XXH3 of the bytes outside `payload`: everything that HDF5 itself reads.
    package let indexXXH3: String
    /// File ranges of image bytes and flow, as [offset, bytes], ascending; each item in them has its own checksum.
    package let payload: [[Int]]

    /// An entry, as the manifest has it.
    package init(
      name: String, bytes: Int, pairs: Int, images: Int, xxh3: String, indexXXH3: String, payload: [[Int]]
    ) {
      self.name = name
      self.bytes = bytes
      self.pairs = pairs
      self.images = images
      self.xxh3 = xxh3
      self.indexXXH3 = indexXXH3
      self.payload = payload
    }

    enum CodingKeys: String, CodingKey {
      case name, bytes, pairs, images, xxh3, payload
      case indexXXH3 = "index_xxh3"
    }

    /// The payload as file ranges.
    package var payloadRanges: [Range<Int>] { payload.map { $0[0]..<($0[0] + $0[1]) } }

    /// What a log says of a shard that was written.
    package var summary: String { "\(name): \(counted(pairs, "pair")), \(counted(images, "image")), \(bytes) bytes" }
  }

  /// ``formatName``.
  package let format: String
  /// The version of the format.
  package let version: Int
  /// How images are stored: keep, jpeg, png or raw.
  package let codec: String
  /// JPEG quality where images were encoded as JPEG.
  package let quality: Int?
  /// The size of all images, or nil where sizes differ.
  package let image: ImageSize?
  /// Whether pairs carry optical flow from view 1 to view 2.
  package let flow: Bool
  /// The licence or origin of the images, as the user gave it.
  package let licence: String?
  /// The seed of splits, crops and draws.
  package let seed: UInt64
  /// The program that wrote the data set.
  package let tool: String
  /// Shards by split name.
  package let splits: [String: [Shard]]

  /// The shards of a split; empty where the data set has no such split.
  package func shards(of split: Split) -> [Shard] { splits[split.rawValue] ?? [] }

  /// The shards of all splits.
  package var allShards: [Shard] { Split.allCases.flatMap { shards(of: $0) } }

  /// The number of pairs of a split.
  package func pairCount(of split: Split) -> Int { shards(of: split).reduce(0) { $0 + $1.pairs } }

  /// The manifest as the bytes of `manifest.json`; they depend on its values only.
  package func encoded() -> [UInt8] { JSON.encode(self, .page) }

  /// Reads and checks the manifest of a data-set folder.
  ///
  /// - Throws: `Failure` of kind `noInput` (no such folder, no manifest) or `badData` (another format, damaged).
  package init(folder: String) throws(Failure) {
    self = try Self.load(folder: folder).manifest
  }

  /// Reads the manifest together with the XXH3 of its bytes.
  package static func load(folder: String) throws(Failure) -> (manifest: DatasetManifest, digest: FileDigest) {
    let path = folder.appending(path: fileName)
    guard FileSystem.exists(path) else {
      guard FileSystem.exists(folder) else {
        throw Failure(.noInput, "There is no data set at \(folder).", hint: "Check the path.")
      }
      throw Failure(
        .noInput, "\(folder) is not a data set: it has no readable \(fileName).",
        hint: "Make one with \(.conversion) or \(.synthesis).")
    }
    let data = try Data(File.contents(of: path))
    let manifest: DatasetManifest
    do {
      manifest = try JSONDecoder().decode(DatasetManifest.self, from: data)
    } catch {
      // A later version may have other keys: say so rather than "damaged".
      if let header = try? JSONDecoder().decode(Header.self, from: data) { try header.check(path: path) }
      throw Failure(.badData, "\(path) is damaged: it is not a manifest.", hint: "Copy or convert the data set again.")
    }
    try Header(format: manifest.format, version: manifest.version).check(path: path)
    try manifest.validate(path: path)
    return (manifest, data.withUnsafeBytes { FileDigest(of: $0) })
  }

  /// What every version of a manifest says.
  private struct Header: Codable {
    let format: String?
    let version: Int?

    func check(path: String) throws(Failure) {
      guard format == formatName else {
        throw Failure(.badData, "\(path) does not describe a croco data set: its `format` is not \"\(formatName)\".")
      }
      guard let version, version > formatVersion else { return }
      throw Failure(
        .badData, "\(path) has format version \(version); this program reads up to \(formatVersion).",
        hint: "Update croco.")
    }
  }

  private func validate(path: String) throws(Failure) {
    for shard in splits.values.joined() {
      let ranges = shard.payload.allSatisfy {
        $0.count == 2 && $0[0] >= 0 && $0[1] >= 0 && $0[0] <= shard.bytes - $0[1]
      }
      let ascending = ranges && zip(shard.payload, shard.payload.dropFirst()).allSatisfy { $0[0] + $0[1] <= $1[0] }
      guard ascending, shard.bytes > 0, shard.pairs > 0, shard.images > 0, !shard.name.isEmpty,
        !shard.name.contains("/"), FileDigest(shard.xxh3) != nil, FileDigest(shard.indexXXH3) != nil
      else {
        throw Failure(
          .badData, "\(path) is damaged: its entry of shard \(shard.name) is impossible.",
          hint: "Copy or convert the data set again.")
      }
    }
  }

  /// What was written with `options`.
  package init(_ options: DatasetOptions, image: ImageSize?, flow: Bool, splits: [Split: [Shard]]) {
    format = Self.formatName
    version = Self.formatVersion
    codec = options.codec.name
    quality = options.codec.quality
    self.image = image
    self.flow = flow
    licence = options.licence
    seed = options.seed
    tool = options.tool
    self.splits = Dictionary(uniqueKeysWithValues: splits.map { ($0.key.rawValue, $0.value) })
  }
}
