internal import CSpng
import Foundation
import Storage

/// Collects the pairs of one shard in memory and writes them as an HDF5 file.
package final class ShardBuilder {
  private(set) var payloadBytes = 0
  package var pairCount: Int { scenes.count }

  /// The size of all images, or nil where sizes differ.
  package var commonSize: DatasetManifest.ImageSize? {
    guard let first = images.first else { return nil }
    let isCommon = images.allSatisfy { $0.height == first.height && $0.width == first.width }
    return isCommon ? .init(height: first.height, width: first.width) : nil
  }

  private let options: DatasetOptions
  private var images: [ImageReference] = []
  private var imageIndex: [ImageReference.Identity: UInt32] = [:]
  private var pairs: [UInt32] = []
  private var scenes: [UInt32] = []
  private var overlaps: [Float] = []
  private var flows: [[Float]] = []
  private var flowSize: (height: Int, width: Int)?

  /// An empty shard of a data set that is written with `options`.
  package init(_ options: DatasetOptions) { self.options = options }

  /// The libraries whose versions the bytes of a shard may depend on.
  package static let libraries = "HDF5 \(HDF5.version), libspng \(String(cString: spng_version_string()))"

  /// The bytes that a pair would add to the shard.
  func cost(_ view1: ImageReference, _ view2: ImageReference, flow: [Float]?) -> Int {
    var bytes = (flow?.count ?? 0) * MemoryLayout<Float>.stride
    if imageIndex[view1.identity] == nil { bytes += view1.bytes.count }
    if view2.identity != view1.identity, imageIndex[view2.identity] == nil { bytes += view2.bytes.count }
    return bytes
  }

  /// Adds a pair; flow is [H, W, 2] of view 1.
  package func add(_ view1: ImageReference, _ view2: ImageReference, scene: UInt32, overlap: Float, flow: [Float]?) {
    payloadBytes += cost(view1, view2, flow: flow)
    pairs.append(index(of: view1))
    pairs.append(index(of: view2))
    scenes.append(scene)
    overlaps.append(overlap)
    if let flow {
      flows.append(flow)
      flowSize = (view1.height, view1.width)
    }
  }

  private func index(of image: ImageReference) -> UInt32 {
    if let index = imageIndex[image.identity] { return index }
    let index = UInt32(images.count)
    images.append(image)
    imageIndex[image.identity] = index
    return index
  }

  /// Writes the shard to `path` and describes it under its final name; the caller flushes it to the disk.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  package func write(to path: String, name: String) throws -> DatasetManifest.Shard {
    // HDF5 lays the file out and writes the index; the payload goes past it straight into the reserved ranges.
    let (imageOffset, flowOffset) = try HDF5.locked { try writeIndex(path) }
    var payload = [Payload(offset: imageOffset, items: images.map { .image($0) })]
    if let flowOffset { payload.append(Payload(offset: flowOffset, items: flows.map { .flow($0) })) }
    payload.sort { $0.offset < $1.offset }
    let (bytes, file, index) = try writePayload(payload, to: path)
    return DatasetManifest.Shard(
      name: name, bytes: bytes, pairs: pairCount, images: images.count, xxh3: file.description,
      indexXXH3: index.description, payload: payload.map { [$0.offset, $0.byteCount] })
  }

  /// Images or flow in the order in which they lie in the file, back to back.
  private struct Payload {
    enum Item {
      case image(ImageReference)
      case flow([Float])

      func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        switch self {
        case .image(let image): try image.bytes.withUnsafeBytes(body)
        case .flow(let flow): try flow.withUnsafeBytes(body)
        }
      }
    }

    let offset: Int
    let items: [Item]

    var byteCount: Int { items.reduce(0) { $0 + $1.withUnsafeBytes(\.count) } }
  }

  private func writeIndex(_ path: String) throws -> (images: Int, flow: Int?) {
    let file = try HDF5File(creating: path)
    let result: (images: Int, flow: Int?)
    do {
      try file.writeAttribute("version", UInt32(DatasetManifest.formatVersion))
      for (name, text) in options.attributes { try file.writeAttribute(name, text) }
      for group in ["/image", "/pair", "/meta"] { try file.createGroup(group) }
      let (texts, numbers) = sources()
      try file.write("/image/crc32c", images.map(\.checksum), shape: [images.count])
      try file.write(
        "/image/size", images.flatMap { [UInt16($0.height), UInt16($0.width)] }, shape: [images.count, 2])
      try file.write("/image/source", numbers, shape: [images.count])
      try file.write("/pair/index", pairs, shape: [pairCount, 2])
      try file.write("/pair/scene", scenes, shape: [pairCount])
      try file.write("/pair/overlap", overlaps, shape: [pairCount])
      try file.write("/meta/source_offset", offsets(of: texts.map(\.count)), shape: [texts.count + 1])
      try file.write("/meta/source", texts.flatMap { $0 }, shape: [texts.reduce(0) { $0 + $1.count }])
      result = (try reserveImages(file), try reserveFlow(file))
    } catch {
      try? file.close()
      throw error
    }
    try file.close()
    return result
  }

  private func reserveImages(_ file: HDF5File) throws -> Int {
    if options.codec == .raw {
      let shape = [images.count, images[0].height, images[0].width, 3]
      return try file.reserve("/image/raw", UInt8.self, shape: shape)
    }
    let offsets = offsets(of: images.map(\.bytes.count))
    try file.write("/image/offset", offsets, shape: [images.count + 1])
    return try file.reserve("/blob", UInt8.self, shape: [Int(offsets[images.count])])
  }

  private func reserveFlow(_ file: HDF5File) throws -> Int? {
    guard let flowSize else { return nil }
    let checksums = flows.map { $0.withUnsafeBytes { CRC32C.checksum($0) } }
    try file.write("/pair/flow_crc32c", checksums, shape: [pairCount])
    return try file.reserve("/pair/flow", Float.self, shape: [pairCount, flowSize.height, flowSize.width, 2])
  }

  /// Writes the payload into the file, and digests the whole file and its index on the way: what was just in the
  /// cache is not read again.
  private func writePayload(
    _ payload: [Payload], to path: String
  ) throws -> (bytes: Int, file: FileDigest, index: FileDigest) {
    let target = try File(path, .updating)
    let bytes = try target.status().bytes
    let (file, index) = (DigestStream(), DigestStream())
    var position = 0
    func digestIndex(upTo end: Int) throws {
      let part = try target.bytes(position..<end)
      part.withUnsafeBytes {
        file.update($0)
        index.update($0)
      }
      position = end
    }
    for part in payload {
      try digestIndex(upTo: part.offset)
      for item in part.items {
        try item.withUnsafeBytes { bytes in
          file.update(bytes)
          try target.write(bytes, at: position)
          position += bytes.count
        }
      }
    }
    try digestIndex(upTo: max(bytes, position))
    try target.close()
    return (max(bytes, position), file.digest, index.digest)
  }

  /// The distinct source names in order of appearance, and each image's number among them.
  private func sources() -> (texts: [[UInt8]], numbers: [UInt32]) {
    var texts: [[UInt8]] = []
    var known: [ExactText: UInt32] = [:]
    let numbers = images.map { image in
      if let number = known[ExactText(image.source)] { return number }
      let number = UInt32(texts.count)
      known[ExactText(image.source)] = number
      texts.append(Array(image.source.utf8))
      return number
    }
    return (texts, numbers)
  }

  private func offsets(of lengths: [Int]) -> [UInt64] {
    var total: UInt64 = 0
    return [0]
      + lengths.map { length in
        total += UInt64(length)
        return total
      }
  }
}
