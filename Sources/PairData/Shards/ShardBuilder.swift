import Foundation
import Storage

/// Collects the pairs of one shard in memory and writes them as an HDF5 file.
final class ShardBuilder {
  private(set) var payloadBytes = 0
  var pairCount: Int { scenes.count }

  private let codec: StorageCodec
  private var images: [ImageReference] = []
  private var imageIndex: [ImageReference.Identity: UInt32] = [:]
  private var pairs: [UInt32] = []
  private var scenes: [UInt32] = []
  private var overlaps: [Float] = []
  private var flows: [[Float]] = []
  private var flowSize: (height: Int, width: Int)?

  init(codec: StorageCodec) { self.codec = codec }

  /// The bytes that a pair would add to the shard.
  func cost(_ view1: ImageReference, _ view2: ImageReference, flow: [Float]?) -> Int {
    var bytes = (flow?.count ?? 0) * MemoryLayout<Float>.stride
    if imageIndex[view1.identity] == nil { bytes += view1.bytes.count }
    if view2.identity != view1.identity, imageIndex[view2.identity] == nil { bytes += view2.bytes.count }
    return bytes
  }

  /// Adds a pair; flow is [H, W, 2] of view 1.
  func add(_ view1: ImageReference, _ view2: ImageReference, scene: UInt32, overlap: Float, flow: [Float]?) {
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

  /// Writes the shard to `path`, flushes it to the disk, and describes it under its final name.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  func write(to path: String, name: String, attributes: [(String, String)]) throws -> DatasetManifest.Shard {
    // HDF5 lays the file out and writes the index; the payload goes past it straight into the reserved ranges.
    let (imageOffset, flowOffset) = try HDF5.locked { try writeIndex(path, attributes) }
    try writePayload(path, imageOffset: imageOffset, flowOffset: flowOffset)
    try SystemCall.synchronize(path)
    let imageBytes = images.reduce(0) { $0 + $1.bytes.count }
    var payload = [[imageOffset, imageBytes]]
    if let flowOffset { payload.append([flowOffset, flows.reduce(0) { $0 + $1.count } * 4]) }
    payload.sort { $0[0] < $1[0] }
    let bytes = try ShardFile.length(of: path)
    let ranges = payload.map { $0[0]..<($0[0] + $0[1]) }
    return DatasetManifest.Shard(
      name: name, bytes: bytes, pairs: pairCount, images: images.count,
      xxh3: try FileDigest(ofFile: path).description,
      indexXXH3: try ShardFile.indexDigest(of: path, bytes: bytes, payload: ranges).description, payload: payload)
  }

  private func writeIndex(_ path: String, _ attributes: [(String, String)]) throws -> (images: Int, flow: Int?) {
    let file = try HDF5File(creating: path)
    let result: (images: Int, flow: Int?)
    do {
      try file.writeAttribute("version", UInt32(DatasetManifest.formatVersion))
      for (name, text) in attributes { try file.writeAttribute(name, text) }
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
    if codec == .raw {
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

  private func writePayload(_ path: String, imageOffset: Int, flowOffset: Int?) throws(Failure) {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCall.writeFailure(path) }
    defer { close(descriptor) }
    var offset = imageOffset
    for image in images {
      let failure = image.bytes.withUnsafeBytes { FileContent.pwrite(descriptor, $0, at: offset, path: path) }
      if let failure { throw failure }
      offset += image.bytes.count
    }
    guard var offset = flowOffset else { return }
    for flow in flows {
      let failure = flow.withUnsafeBytes { FileContent.pwrite(descriptor, $0, at: offset, path: path) }
      if let failure { throw failure }
      offset += flow.count * 4
    }
  }

  /// The distinct source names in order of appearance, and each image's number among them.
  private func sources() -> (texts: [[UInt8]], numbers: [UInt32]) {
    var texts: [[UInt8]] = []
    var known: [String: UInt32] = [:]
    let numbers = images.map { image in
      if let number = known[image.source] { return number }
      let number = UInt32(texts.count)
      known[image.source] = number
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
