import Runtime
import Storage

/// How a data set is written, whoever writes it.
package struct DatasetOptions: Sendable {
  /// How images are stored.
  package var codec: StorageCodec
  /// A shard is written when its images and flow reach this many bytes.
  package var shardBytes: Int
  /// The share of scenes that goes to the validation split, 0 to 1.
  package var validationFraction: Double
  /// Seed of the draw that assigns scenes to splits.
  package var seed: UInt64
  /// Licence or origin of the images, recorded as given.
  package var licence: String?
  /// The writing program and its version, recorded as given.
  package var tool: String

  /// The bytes at which a shard is full where nothing else is said.
  package static let defaultShardBytes = 256_000_000

  /// Shards of 256 MB, a tenth of the scenes for validation.
  package init(
    codec: StorageCodec, shardBytes: Int = Self.defaultShardBytes, validationFraction: Double = 0.1, seed: UInt64 = 0,
    licence: String? = nil, tool: String = "croco"
  ) {
    precondition((0...1).contains(validationFraction), "validation fraction \(validationFraction) is outside 0...1")
    precondition(shardBytes > 0, "a shard cannot hold \(shardBytes) bytes")
    self.codec = codec
    self.shardBytes = shardBytes
    self.validationFraction = validationFraction
    self.seed = seed
    self.licence = licence
    self.tool = tool
  }

  /// The split of a scene: a draw keyed by the seed and the scene's name, the same on every machine.
  package func split(ofScene name: String) -> Split {
    let digest = Array(name.utf8).withUnsafeBytes { FileDigest(of: $0) }
    var stream = RandomStream(seed: seed, purpose: .split, index: Int(digest.value >> 24))
    return Double(stream.nextUnit()) < validationFraction ? .validation : .train
  }

  /// The texts that every shard carries.
  var attributes: [(name: String, text: String)] {
    var attributes = [
      ("format", DatasetManifest.formatName), ("codec", codec.name), ("tool", tool),
      ("libraries", ShardBuilder.libraries),
    ]
    if let licence { attributes.append(("licence", licence)) }
    return attributes
  }
}

extension Advice.Term {
  /// How images are stored.
  package static let codec = Advice.Term("codec")
  /// The one size that images are brought to.
  package static let imageSize = Advice.Term("image size")
  /// The share of scenes for validation.
  package static let validationShare = Advice.Term("validation")
  /// Leaving out pairs with a bad file when a data set is made.
  package static let skippingBadFiles = Advice.Term("skipping bad files")
  /// Dividing a data set anew into training and validation.
  package static let splitting = Advice.Term("dividing it anew")
  /// Making a data set of images.
  package static let conversion = Advice.Term("a conversion of images")
  /// Making a data set of rendered scenes.
  package static let synthesis = Advice.Term("rendered scenes")
}
