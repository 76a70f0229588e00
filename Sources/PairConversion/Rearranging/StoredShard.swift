import Foundation
import PairData

/// A shard of a finished data set, as merging and splitting need it.
struct StoredShard {
  let path: String
  let entry: DatasetManifest.Shard
  private let reader: ShardReader

  /// Opens a shard and checks its index.
  ///
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the shard.
  init(folder: String, _ entry: DatasetManifest.Shard, codec: String) throws {
    path = folder + "/" + entry.name
    self.entry = entry
    reader = try ShardReader(path: path, entry: entry, codec: codec)
  }

  /// The scenes of all pairs.
  func scenes() throws -> [UInt32] { try reader.scenes }

  /// The overlaps of all pairs.
  func overlaps() throws -> [Float] { try reader.overlaps }

  /// The image numbers of a pair.
  func images(ofPair pair: Int) throws -> (view1: Int, view2: Int) { try reader.images(ofPair: pair) }

  /// The flow of a pair, or nil.
  func flow(ofPair pair: Int) throws -> [Float]? { try reader.flow(ofPair: pair) }

  /// The height and width of all images: [M, 2].
  func sizes() throws -> [UInt16] { try reader.sizes }

  /// The height and width of an image.
  func size(ofImage image: Int) throws -> DatasetManifest.ImageSize {
    let (height, width) = try reader.size(ofImage: image)
    return .init(height: height, width: width)
  }

  /// An image, decoded.
  func pixels(ofImage image: Int) throws -> RGBImage { try reader.image(image) }

  /// An image as it is stored; its checksum is compared.
  func reference(toImage image: Int) throws -> ImageReference {
    let size = try size(ofImage: image)
    return ImageReference(
      bytes: try reader.bytes(ofImage: image), width: size.width, height: size.height,
      source: try reader.source(ofImage: image))
  }

  /// Where the scenes of the pairs lie in the file.
  var sceneOffset: Int { reader.layout.scenes.offset }
}
