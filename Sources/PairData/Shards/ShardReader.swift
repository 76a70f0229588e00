import Foundation
import Runtime
import Storage

/// One open shard: index and images are read by `pread` where they are asked for. Safe for many threads at once.
package final class ShardReader: Sendable {
  /// The file.
  package let path: String
  let layout: ShardLayout
  /// The number of pairs.
  package var pairCount: Int { layout.pairCount }
  /// The number of stored images.
  package var imageCount: Int { layout.imageCount }
  /// Where the scenes of the pairs lie in the file.
  package var sceneOffset: Int { layout.scenes.offset }

  private let file: File

  /// Opens a shard of the data set in `folder`, and checks its index against its manifest entry.
  ///
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the shard.
  package convenience init(folder: String, entry: DatasetManifest.Shard, codec: String) throws {
    let path = folder.appending(path: entry.name)
    try self.init(path: path, layout: ShardLayout(path: path, entry: entry, codec: codec))
  }

  /// Opens a shard whose index was checked before.
  ///
  /// - Throws: `Failure` of kind `noInput`, or `badData` where the file is no longer the one that was checked.
  init(path: String, layout: ShardLayout) throws(Failure) {
    self.path = path
    self.layout = layout
    do throws(Failure) {
      file = try File(path, .reading)
    } catch {
      throw FileSystem.exists(path) ? error : ShardFile.missing(path)
    }
    guard try file.status().identity == layout.file else {
      throw Failure(
        .badData, "Shard \(path) was changed while it was in use.", hint: "Shards are immutable: restore the file.")
    }
  }

  /// The image numbers of a pair's two views.
  package func images(ofPair pair: Int) throws(Failure) -> (view1: Int, view2: Int) {
    precondition((0..<pairCount).contains(pair), "pair \(pair) is outside 0..<\(pairCount) of \(path)")
    let views = try file.value(SIMD2<UInt32>.self, at: layout.pairs.offset + 8 * pair)
    let (view1, view2) = (Int(views.x), Int(views.y))
    guard view1 < imageCount, view2 < imageCount else { throw changed }
    return (view1, view2)
  }

  /// The scene of a pair.
  package func scene(ofPair pair: Int) throws(Failure) -> UInt32 { try element(pair, of: layout.scenes) }

  /// The overlap of a pair, NaN where unknown.
  package func overlap(ofPair pair: Int) throws(Failure) -> Float { try element(pair, of: layout.overlaps) }

  /// The scenes of all pairs.
  package var scenes: [UInt32] { get throws(Failure) { try elements(layout.scenes) } }

  /// The overlaps of all pairs.
  package var overlaps: [Float] { get throws(Failure) { try elements(layout.overlaps) } }

  /// Height and width of all images: [M, 2].
  package var sizes: [UInt16] { get throws(Failure) { try elements(layout.sizes) } }

  /// Height and width of an image as shown.
  package func size(ofImage image: Int) throws(Failure) -> (height: Int, width: Int) {
    let size = try file.value(SIMD2<UInt16>.self, at: layout.sizes.offset + 4 * image)
    return (Int(size.x), Int(size.y))
  }

  /// Where an image came from.
  package func source(ofImage image: Int) throws(Failure) -> String {
    let number = Int(try element(image, of: layout.sources))
    guard number < layout.sourceOffsets.count - 1 else { throw changed }
    let range = try file.value(SIMD2<UInt64>.self, at: layout.sourceOffsets.offset + 8 * number)
    guard range.x <= range.y, range.y <= UInt64(layout.sourceTexts.count) else { throw changed }
    let text = StoredArray<UInt8>(offset: layout.sourceTexts.offset + Int(range.x), count: Int(range.y - range.x))
    return String(decoding: try elements(text), as: UTF8.self)
  }

  /// How messages call an image.
  package func name(ofImage image: Int) -> String {
    let source = (try? source(ofImage: image)).map { " (\($0))" } ?? ""
    return "image \(image)\(source) of \(path)"
  }

  /// The place of an image's stored bytes in the file.
  func fileRange(ofImage image: Int) throws(Failure) -> Range<Int> {
    precondition((0..<imageCount).contains(image), "image \(image) is outside 0..<\(imageCount) of \(path)")
    switch layout.images {
    case .blob(let blob, let offsets):
      let range = try file.value(SIMD2<UInt64>.self, at: offsets.offset + 8 * image)
      guard range.x <= range.y, range.y <= UInt64(blob.count) else { throw changed }
      return (blob.offset + Int(range.x))..<(blob.offset + Int(range.y))
    case .raw(let raw, let imageBytes):
      return (raw.offset + image * imageBytes)..<(raw.offset + (image + 1) * imageBytes)
    }
  }

  /// Reads an image's stored bytes and checks them.
  ///
  /// - Throws: `Failure` of kind `badData` (checksum) or `inputOutput` that names the image and the shard.
  package func bytes(ofImage image: Int) throws(Failure) -> [UInt8] {
    let range = try fileRange(ofImage: image)
    let checksum = try element(image, of: layout.checksums)
    let bytes = try elements(StoredArray<UInt8>(offset: range.lowerBound, count: range.count))
    guard bytes.withUnsafeBytes({ CRC32C.checksum($0) }) == checksum else {
      throw ShardFile.spoilt(name(ofImage: image))
    }
    return bytes
  }

  /// Reads and decodes an image.
  package func image(_ image: Int) throws -> RGBImage {
    let bytes = try bytes(ofImage: image)
    let (height, width) = try size(ofImage: image)
    if case .raw(_, let imageBytes) = layout.images {
      guard imageBytes == height * width * 3 else { throw changed }
      return RGBImage(width: width, height: height, pixels: bytes)
    }
    let decoded = try EncodedImage(bytes: bytes, name: name(ofImage: image)).decoded()
    guard decoded.height == height, decoded.width == width else {
      throw Failure(
        .badData,
        "The \(name(ofImage: image)) is \(sizeText(height: decoded.height, width: decoded.width)); the index says "
          + "\(sizeText(height: height, width: width)).")
    }
    return decoded
  }

  /// Reads the flow of a pair, [H, W, 2], or nil where the shard has none.
  package func flow(ofPair pair: Int) throws(Failure) -> [Float]? {
    guard let flow = layout.flow else { return nil }
    let bytesOfPair = flow.valueCount * MemoryLayout<Float>.stride
    let values = try elements(
      StoredArray<Float>(offset: flow.values.offset + pair * bytesOfPair, count: flow.valueCount))
    guard values.withUnsafeBytes({ CRC32C.checksum($0) }) == (try element(pair, of: flow.checksums)) else {
      throw ShardFile.spoilt("flow of pair \(pair) of \(path)")
    }
    return values
  }

  /// Asks the system to fetch the images of a pair; returns at once (`posix_fadvise`).
  func advise(pair: Int) throws(Failure) {
    let (view1, view2) = try images(ofPair: pair)
    for image in view1 == view2 ? [view1] : [view1, view2] {
      try file.willRead(fileRange(ofImage: image))
    }
  }

  // MARK: Reading

  private var changed: Failure {
    Failure(
      .badData, "Shard \(path) is damaged: its index was changed after it was checked.",
      hint: "Shards are immutable: restore the file.")
  }

  private func element<Element>(_ index: Int, of array: StoredArray<Element>) throws(Failure) -> Element {
    precondition((0..<array.count).contains(index), "\(index) is outside 0..<\(array.count) of \(path)")
    return try file.value(Element.self, at: array.offset + index * MemoryLayout<Element>.stride)
  }

  private func elements<Element>(_ array: StoredArray<Element>) throws(Failure) -> [Element] {
    try file.values(Element.self, count: array.count, at: array.offset)
  }
}
