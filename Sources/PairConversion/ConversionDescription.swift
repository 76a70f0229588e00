import Foundation
import PairData
import Storage

/// `conversion.json` in the folder of a conversion: all that its shards depend on. It stays when the data set is complete, so
/// that the same command can be told from another.
///
/// The number of threads and ranks, and whether bad files are skipped, are not part of it: finished shards stay good
/// whatever these are.
struct ConversionDescription: Codable, Equatable {
  static let fileName = "conversion.json"

  let format: String
  let version: Int
  let tool: String
  let libraries: String
  /// The number of pairs, and a digest of their files, scenes, splits and overlaps, and of what the plan knows of the files.
  let pairs: Int, list: String
  let codec: String, quality: Int?
  let size: [Int]?
  let fit: String?, filter: String?
  let allowsUpscaling: Bool?
  let shardBytes: Int
  let validation: Double
  let seed: UInt64
  let licence: String?

  init(_ candidates: [PairCandidate], options: ConversionOptions, survey: ConversionSurvey) {
    format = "croco-conversion"
    version = 1
    tool = options.dataset.tool
    libraries = ShardBuilder.libraries
    pairs = candidates.count
    list = Self.digest(candidates, survey).description
    codec = options.dataset.codec.name
    quality = options.dataset.codec.quality
    let preparation = options.preparation
    size = preparation.map { [$0.height, $0.width] }
    fit = preparation?.fit.rawValue
    filter = preparation?.filter.rawValue
    allowsUpscaling = preparation?.allowsUpscaling
    shardBytes = options.dataset.shardBytes
    validation = options.dataset.validationFraction
    seed = options.dataset.seed
    licence = options.dataset.licence
  }

  enum CodingKeys: String, CodingKey {
    case format, version, tool, libraries, pairs, list, codec, quality, size, fit, filter, validation, seed, licence
    case allowsUpscaling = "allow_upscale"
    case shardBytes = "shard_bytes"
  }

  private static func digest(_ candidates: [PairCandidate], _ survey: ConversionSurvey) -> FileDigest {
    let stream = DigestStream()
    for pair in candidates {
      for view in [pair.view1, pair.view2] {
        stream.update(view.path)
        stream.update(view.source)
        for number in view.crop?.words ?? [] { stream.update(UInt64(bitPattern: number)) }
      }
      stream.update(pair.scene)
      if let split = pair.split { stream.update(split.rawValue) }
      stream.update(UInt64(pair.overlap.isNaN ? Float.nan.bitPattern : pair.overlap.bitPattern))
    }
    for number in survey.numbers { stream.update(UInt64(number)) }
    return stream.digest
  }

  /// The bytes of `conversion.json`.
  func encoded() -> [UInt8] { JSON.encode(self, .page) }

  /// Whether bytes of `conversion.json` are all that was written.
  static func isWhole(_ bytes: [UInt8]) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(bytes))) is [String: Any]
  }

  /// The first key in which `conversion.json` differs, in words, or nil where the conversion is the same.
  ///
  /// - Parameter isComplete: whether nothing more is to be written: then it does not matter which program would do it.
  func difference(from data: Data, isComplete: Bool) throws -> String? {
    guard let there = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
      let here = try JSONSerialization.jsonObject(with: Data(encoded())) as? [String: Any]
    else { return "its \(Self.fileName) is damaged" }
    // What users can change comes first: the list differs for many a reason.
    let ignored = isComplete ? ["list", "tool", "libraries"] : ["list"]
    let keys = Set(there.keys).union(here.keys).subtracting(ignored).sorted() + ["list"]
    for key in keys {
      let (old, new) = (there[key].map { "\($0)" } ?? "none", here[key].map { "\($0)" } ?? "none")
      guard old != new else { continue }
      return key == "list"
        ? "the pairs, or the lengths of their files, are others" : "`\(key)` was \(old) and is \(new) now"
    }
    return nil
  }
}
