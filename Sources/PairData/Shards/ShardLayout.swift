import Foundation
import Runtime
import Storage

/// Where the arrays of a shard lie in its file: all that stays in memory of a shard once its index was checked.
///
/// Some 300 bytes whatever the number of pairs, so that 20,000 shards with 10^9 pairs need 6 MB.
final class ShardLayout: Sendable {
  /// How the images are stored.
  enum Images: Sendable {
    /// `/blob`, and the images' offsets in it, [M + 1].
    case blob(StoredArray<UInt8>, offsets: StoredArray<UInt64>)
    /// `/image/raw`, and the bytes of an image.
    case raw(StoredArray<UInt8>, imageBytes: Int)
  }

  /// `/pair/flow`, its values a pair, H x W x 2, and `/pair/flow_crc32c`.
  struct Flow: Sendable {
    let values: StoredArray<Float>
    let valueCount: Int
    let checksums: StoredArray<UInt32>
  }

  let pairs: StoredArray<UInt32>  // [Q, 2]
  let scenes: StoredArray<UInt32>  // [Q]
  let overlaps: StoredArray<Float>  // [Q]
  let checksums: StoredArray<UInt32>  // [M]
  let sizes: StoredArray<UInt16>  // [M, 2], height and width
  let sources: StoredArray<UInt32>  // [M]
  let sourceOffsets: StoredArray<UInt64>  // [S + 1]
  let sourceTexts: StoredArray<UInt8>
  let images: Images
  let flow: Flow?
  /// The file that was checked.
  let file: FileIdentity

  var pairCount: Int { scenes.count }
  var imageCount: Int { checksums.count }

  /// Checks a shard against its manifest entry, then reads its layout.
  ///
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the shard.
  init(path: String, entry: DatasetManifest.Shard, codec: String) throws {
    guard FileSystem.exists(path) else { throw ShardFile.missing(path) }
    file = try FileSystem.status(of: path).identity
    let index = try ShardFile.checkedIndex(path, against: entry)
    let isRaw = codec == StorageCodec.raw.name
    let arrays = try HDF5.locked {
      let file = try HDF5File(reading: path)
      defer { try? file.close() }
      return try Arrays(file, isRaw: isRaw)
    }
    pairs = arrays.pairs
    scenes = arrays.scenes
    overlaps = arrays.overlaps
    checksums = arrays.checksums
    sizes = arrays.sizes
    sources = arrays.sources
    sourceOffsets = arrays.sourceOffsets
    sourceTexts = arrays.sourceTexts
    images = arrays.images
    flow = arrays.flow
    guard isConsistent(index, bytes: entry.bytes), pairCount == entry.pairs, imageCount == entry.images else {
      throw Failure(
        .badData, "Shard \(path) is damaged: its arrays contradict each other.", hint: "Convert the data set again.")
    }
  }

  /// Whether every number in the arrays points into the arrays, and these lie within the file.
  private func isConsistent(_ index: ShardIndex, bytes: Int) -> Bool {
    guard let pairIndex = index.elements(pairs), index.elements(scenes) != nil, index.elements(overlaps) != nil,
      index.elements(checksums) != nil, let sizes = index.elements(sizes), let sources = index.elements(sources),
      let sourceOffsets = index.elements(sourceOffsets), index.elements(sourceTexts) != nil,
      pairs.count == 2 * pairCount, overlaps.count == pairCount, sizes.count == 2 * imageCount,
      sources.count == imageCount, sourceOffsets.count > 0, sourceOffsets[0] == 0,
      sourceOffsets[sourceOffsets.count - 1] == UInt64(sourceTexts.count), sourceOffsets.ascends,
      pairIndex.allSatisfy({ Int($0) < imageCount }), sources.allSatisfy({ Int($0) < sourceOffsets.count - 1 })
    else { return false }
    if let flow {
      guard index.elements(flow.checksums) != nil, flow.checksums.count == pairCount,
        flow.values.count == pairCount * flow.valueCount, flow.values.fileRange.upperBound <= bytes
      else { return false }
    }
    switch images {
    case .blob(let blob, let offsets):
      guard let offsets = index.elements(offsets), blob.fileRange.upperBound <= bytes else { return false }
      return offsets.count == imageCount + 1 && offsets[0] == 0 && offsets.ascends
        && offsets[imageCount] <= UInt64(blob.count)
    case .raw(let raw, let imageBytes):
      return raw.fileRange.upperBound <= bytes && raw.count == imageCount * imageBytes
        && (0..<imageCount).allSatisfy { Int(sizes[2 * $0]) * Int(sizes[2 * $0 + 1]) * 3 == imageBytes }
    }
  }

  /// What HDF5 says of the arrays.
  private struct Arrays {
    let pairs: StoredArray<UInt32>
    let scenes: StoredArray<UInt32>
    let overlaps: StoredArray<Float>
    let checksums: StoredArray<UInt32>
    let sizes: StoredArray<UInt16>
    let sources: StoredArray<UInt32>
    let sourceOffsets: StoredArray<UInt64>
    let sourceTexts: StoredArray<UInt8>
    let images: Images
    let flow: Flow?

    init(_ file: HDF5File, isRaw: Bool) throws {
      pairs = try file.array("/pair/index", of: UInt32.self).array
      scenes = try file.array("/pair/scene", of: UInt32.self).array
      overlaps = try file.array("/pair/overlap", of: Float.self).array
      checksums = try file.array("/image/crc32c", of: UInt32.self).array
      sizes = try file.array("/image/size", of: UInt16.self).array
      sources = try file.array("/image/source", of: UInt32.self).array
      sourceOffsets = try file.array("/meta/source_offset", of: UInt64.self).array
      sourceTexts = try file.array("/meta/source", of: UInt8.self).array
      let (payload, shape) = try file.array(isRaw ? "/image/raw" : "/blob", of: UInt8.self)
      images =
        isRaw
        ? .raw(payload, imageBytes: shape.dropFirst().reduce(1, *))
        : .blob(payload, offsets: try file.array("/image/offset", of: UInt64.self).array)
      guard file.contains("/pair/flow") else {
        flow = nil
        return
      }
      let (values, extents) = try file.array("/pair/flow", of: Float.self)
      flow = Flow(
        values: values, valueCount: extents.dropFirst().reduce(1, *),
        checksums: try file.array("/pair/flow_crc32c", of: UInt32.self).array)
    }
  }
}
