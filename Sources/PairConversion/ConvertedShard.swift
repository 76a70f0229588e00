import Foundation
import PairData
import Runtime

/// What became of one shard of a conversion. Until the manifest is written it lies beside the shard, as JSON.
package struct ConvertedShard: Codable, Sendable, Equatable {
  /// A file that could not be used.
  struct BadFile: Codable, Equatable {
    let image: Int
    let message: String
    let hint: Advice?

    var failure: Failure { Failure(.badData, message, hint: hint) }
  }

  /// The shard's number in the plan.
  package let number: Int
  /// What the manifest says of it, or nil where all its pairs have a bad file.
  let entry: DatasetManifest.Shard?
  /// The size of its images where all have one.
  let imageSize: DatasetManifest.ImageSize?
  let skippedPairs: Int
  let badFiles: [BadFile]
  /// Images whose files resemble depth maps or labels, and the name of the first; nil: none.
  var maps: Maps?
  /// Images that are stored much larger than training needs them; nil: none.
  var large: LargeImages?

  /// Some images of a shard.
  struct Maps: Codable, Equatable {
    let count: Int
    let first: String
  }

  enum CodingKeys: String, CodingKey {
    case number, entry, maps, large
    case imageSize = "image_size"
    case skippedPairs = "skipped_pairs"
    case badFiles = "bad_files"
  }

  /// The name of the record of the shard `name`.
  static func fileName(ofShard name: String) -> String { (name as NSString).deletingPathExtension + ".json" }
}
