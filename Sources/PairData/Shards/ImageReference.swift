internal import CImage
import Foundation
import Storage

/// An image as it will lie in a shard. Pairs refer to it; its memory is given back when the last reference is gone and
/// the shards that use it are written.
package final class ImageReference: Sendable {
  /// Where the image came from: the path or name that `/meta/source` records.
  package let source: String
  /// Width in pixels as shown.
  package let width: Int
  /// Height in pixels as shown.
  package let height: Int

  package let bytes: [UInt8]
  package let checksum: UInt32

  /// Images with the same source and content are stored once a shard.
  struct Identity: Hashable {
    package let source: ExactText
    package let digest: FileDigest
  }
  let identity: Identity

  /// Prepares an image file. Only `keep` stores its bytes as they are; all other codecs decode and encode.
  ///
  /// - Throws: `Failure` of kind `badData` that names the image.
  package convenience init(_ image: EncodedImage, codec: StorageCodec, source: String) throws {
    if codec == .keep {
      self.init(bytes: image.bytes, width: image.width, height: image.height, source: source)
    } else {
      try self.init(image.decoded(), codec: codec, source: source)
    }
  }

  /// Prepares pixels. `keep` stores them as PNG, since there is no file to keep.
  ///
  /// - Throws: `Failure` of kind `badData` for more than 65,535 pixels a side.
  package convenience init(_ image: RGBImage, codec: StorageCodec, source: String) throws {
    try ImageLimits.check(width: image.width, height: image.height, name: source)
    let bytes =
      switch codec {
      case .raw: image.pixels
      case .jpeg(let quality): try JPEGCodec.encode(image, quality: quality)
      case .png, .keep: try PNGCodec.encode(image)
      }
    self.init(bytes: bytes, width: image.width, height: image.height, source: source)
  }

  /// Stored bytes, as another shard has them.
  package init(bytes: [UInt8], width: Int, height: Int, source: String) {
    self.bytes = bytes
    self.width = width
    self.height = height
    self.source = source
    checksum = bytes.withUnsafeBytes { CRC32C.checksum($0) }
    identity = Identity(source: ExactText(source), digest: bytes.withUnsafeBytes { FileDigest(of: $0) })
  }
}

/// The checksum of items inside shards, and of records of TensorBoard: CRC-32C (Castagnoli).
package enum CRC32C {
  /// The checksum of some bytes.
  package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    croco_crc32c(0, bytes.baseAddress, bytes.count)
  }
}
