import Foundation
import Storage

/// One open shard: its index in memory, its images read by `pread`. Safe for many threads at once.
final class ShardReader: Sendable {
  let path: String
  var pairCount: Int { scenes.count }
  var imageCount: Int { checksums.count }

  let scenes: [UInt32]
  let overlaps: [Float]
  private let index: [UInt32]  // [Q, 2]
  private let checksums: [UInt32]  // [M]
  private let sizes: [UInt16]  // [M, 2], height and width
  private let sources: [UInt32]  // [M]
  private let sourceOffsets: [UInt64]
  private let sourceTexts: [UInt8]
  private let imageRanges: ImageRanges
  private let flow: Flow?
  private let isRaw: Bool
  private let descriptor: Int32?

  private enum ImageRanges: Sendable {
    /// `/blob`: its offset in the file and the images' offsets in it, [M + 1].
    case blob(fileOffset: Int, offsets: [UInt64])
    /// `/image/raw`: its offset in the file and the bytes of an image.
    case raw(fileOffset: Int, imageBytes: Int)
  }

  private struct Flow: Sendable {
    let fileOffset: Int
    let valueCount: Int  // H x W x 2
    let checksums: [UInt32]
  }

  /// Opens a shard, after ``ShardFile/check(_:against:)``.
  ///
  /// - Parameter keepsOpen: false for very many shards, which would use up the file descriptors.
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the shard.
  init(path: String, entry: DatasetManifest.Shard, codec: String, keepsOpen: Bool) throws {
    try ShardFile.check(path, against: entry)
    self.path = path
    isRaw = codec == StorageCodec.raw.name
    let isRaw = isRaw
    let contents = try HDF5.locked {
      let file = try HDF5File(reading: path)
      defer { try? file.close() }
      return try Contents(file, isRaw: isRaw)
    }
    scenes = contents.scenes
    overlaps = contents.overlaps
    index = contents.index
    checksums = contents.checksums
    sizes = contents.sizes
    sources = contents.sources
    sourceOffsets = contents.sourceOffsets
    sourceTexts = contents.sourceTexts
    imageRanges = contents.imageRanges
    flow = contents.flow
    let isSound = contents.isConsistent && scenes.count == entry.pairs && checksums.count == entry.images
    guard isSound, contents.payloadEnd <= entry.bytes else {
      throw Failure(
        .badData, "Shard \(path) is damaged: its arrays contradict each other.", hint: "Convert the data set again.")
    }
    if keepsOpen {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw SystemCall.readFailure(path) }
      self.descriptor = descriptor
    } else {
      descriptor = nil
    }
  }

  deinit {
    if let descriptor { close(descriptor) }
  }

  /// The image numbers of a pair's two views.
  func images(ofPair pair: Int) -> (view1: Int, view2: Int) { (Int(index[2 * pair]), Int(index[2 * pair + 1])) }

  /// Height and width of an image as shown.
  func size(ofImage image: Int) -> (height: Int, width: Int) { (Int(sizes[2 * image]), Int(sizes[2 * image + 1])) }

  /// Where an image came from.
  func source(ofImage image: Int) -> String {
    let number = Int(sources[image])
    return String(decoding: sourceTexts[Int(sourceOffsets[number])..<Int(sourceOffsets[number + 1])], as: UTF8.self)
  }

  /// How messages call an image.
  func name(ofImage image: Int) -> String { "image \(image) (\(source(ofImage: image))) of \(path)" }

  /// The length of an image's stored bytes.
  func byteCount(ofImage image: Int) -> Int { fileRange(ofImage: image).count }

  /// Reads an image's stored bytes and checks them.
  ///
  /// - Throws: `Failure` of kind `badData` (checksum) or `inputOutput` that names the image and the shard.
  func bytes(ofImage image: Int) throws -> [UInt8] {
    let range = fileRange(ofImage: image)
    var bytes = [UInt8](repeating: 0, count: range.count)
    try bytes.withUnsafeMutableBytes { try read(into: $0, at: range.lowerBound) }
    guard bytes.withUnsafeBytes({ CRC32C.checksum($0) }) == checksums[image] else {
      throw spoilt(name(ofImage: image))
    }
    return bytes
  }

  /// Reads and decodes an image.
  func image(_ image: Int) throws -> RGBImage {
    let bytes = try bytes(ofImage: image)
    let (height, width) = size(ofImage: image)
    if isRaw { return RGBImage(width: width, height: height, pixels: bytes) }
    let decoded = try EncodedImage(bytes: bytes, name: name(ofImage: image)).decoded()
    guard decoded.height == height, decoded.width == width else {
      throw Failure(
        .badData,
        "The \(name(ofImage: image)) is \(decoded.width)x\(decoded.height); the index says \(width)x\(height).")
    }
    return decoded
  }

  /// Reads the flow of a pair, [H, W, 2], or nil where the shard has none.
  func flow(ofPair pair: Int) throws -> [Float]? {
    guard let flow else { return nil }
    var values = [Float](repeating: 0, count: flow.valueCount)
    try values.withUnsafeMutableBytes { try read(into: $0, at: flow.fileOffset + pair * $0.count) }
    guard values.withUnsafeBytes({ CRC32C.checksum($0) }) == flow.checksums[pair] else {
      throw spoilt("flow of pair \(pair) of \(path)")
    }
    return values
  }

  private func spoilt(_ item: String) -> Failure {
    Failure(
      .badData, "The \(item) is damaged: its checksum does not match.",
      hint: "Copy the shard again or convert the data set again.")
  }

  private func fileRange(ofImage image: Int) -> Range<Int> {
    switch imageRanges {
    case .blob(let fileOffset, let offsets):
      fileOffset + Int(offsets[image])..<fileOffset + Int(offsets[image + 1])
    case .raw(let fileOffset, let imageBytes):
      fileOffset + image * imageBytes..<fileOffset + (image + 1) * imageBytes
    }
  }

  private func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Failure) {
    let descriptor = self.descriptor ?? open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCall.readFailure(path) }
    defer { if self.descriptor == nil { close(descriptor) } }
    if let failure = FileContent.pread(descriptor, into: buffer, at: offset, path: path) { throw failure }
  }

  /// The arrays of a shard as HDF5 gives them.
  private struct Contents {
    let scenes: [UInt32]
    let overlaps: [Float]
    let index: [UInt32]
    let checksums: [UInt32]
    let sizes: [UInt16]
    let sources: [UInt32]
    let sourceOffsets: [UInt64]
    let sourceTexts: [UInt8]
    let imageRanges: ImageRanges
    let flow: Flow?
    private(set) var payloadEnd: Int

    init(_ file: HDF5File, isRaw: Bool) throws {
      scenes = try file.read("/pair/scene", as: UInt32.self).values
      overlaps = try file.read("/pair/overlap", as: Float.self).values
      index = try file.read("/pair/index", as: UInt32.self).values
      checksums = try file.read("/image/crc32c", as: UInt32.self).values
      sizes = try file.read("/image/size", as: UInt16.self).values
      sources = try file.read("/image/source", as: UInt32.self).values
      sourceOffsets = try file.read("/meta/source_offset", as: UInt64.self).values
      sourceTexts = try file.read("/meta/source", as: UInt8.self).values
      let (payload, shape) = try file.placement(of: isRaw ? "/image/raw" : "/blob")
      payloadEnd = payload + shape.reduce(1, *)
      imageRanges =
        isRaw
        ? .raw(fileOffset: payload, imageBytes: shape.dropFirst().reduce(1, *))
        : .blob(fileOffset: payload, offsets: try file.read("/image/offset", as: UInt64.self).values)
      if file.contains("/pair/flow") {
        let (offset, shape) = try file.placement(of: "/pair/flow")
        let checksums = try file.read("/pair/flow_crc32c", as: UInt32.self).values
        flow = Flow(fileOffset: offset, valueCount: shape.dropFirst().reduce(1, *), checksums: checksums)
        payloadEnd = max(payloadEnd, offset + shape.reduce(1, *) * 4)
      } else {
        flow = nil
      }
    }

    /// Whether every number in the arrays points into the arrays.
    var isConsistent: Bool {
      let images = checksums.count
      guard index.count == 2 * scenes.count, overlaps.count == scenes.count, sizes.count == 2 * images,
        sources.count == images, sourceOffsets.first == 0, sourceOffsets.last == UInt64(sourceTexts.count),
        Self.ascends(sourceOffsets), index.allSatisfy({ $0 < images }),
        sources.allSatisfy({ Int($0) < sourceOffsets.count - 1 }),
        flow.map({ $0.checksums.count == scenes.count }) ?? true
      else { return false }
      switch imageRanges {
      case .blob(let fileOffset, let offsets):
        return offsets.count == images + 1 && offsets[0] == 0 && Self.ascends(offsets)
          && offsets[images] <= UInt64(payloadEnd - fileOffset)
      case .raw(_, let imageBytes):
        return (0..<images).allSatisfy { Int(sizes[2 * $0]) * Int(sizes[2 * $0 + 1]) * 3 == imageBytes }
      }
    }

    private static func ascends(_ offsets: [UInt64]) -> Bool { zip(offsets, offsets.dropFirst()).allSatisfy(<=) }
  }
}
