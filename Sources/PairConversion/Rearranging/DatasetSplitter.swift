import Foundation
import PairData
import Runtime

/// Divides a data set into training and validation anew, by scene. Images move as they are stored: none is decoded.
package struct DatasetSplitter {
  /// The share of scenes that goes to the validation split, 0 to 1.
  var validationFraction: Double
  /// The seed of the draw that assigns scenes, by their numbers, to splits.
  package var seed: UInt64
  /// The bytes at which a shard is full.
  var shardBytes: Int
  /// The writing program and its version, recorded as given.
  package var tool: String

  /// A share and a seed.
  package init(
    validationFraction: Double, seed: UInt64, shardBytes: Int = DatasetOptions.defaultShardBytes, tool: String = "croco"
  ) {
    self.validationFraction = validationFraction
    self.seed = seed
    self.shardBytes = shardBytes
    self.tool = tool
  }

  /// Writes the pairs of `folder`, divided anew, into the folder `output`.
  ///
  /// - Parameters:
  ///   - progress: receives how many pairs of how many are done.
  ///   - log: receives a line for every shard.
  /// - Throws: `Failure` of kind `badData` or `noInput` for a damaged data set, `usage` or `inputOutput` for the output.
  ///   Nothing is left behind then.
  package func split(
    _ folder: String, to output: String, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    log: @escaping (String) -> Void = { _ in }
  ) throws -> DatasetManifest {
    let manifest = try DatasetManifest(folder: folder)
    guard let codec = StorageCodec(name: manifest.codec, quality: manifest.quality) else {
      throw Failure(.badData, "\(folder) has the unknown codec \(manifest.codec).", hint: "Update croco.")
    }
    let writer = try DatasetWriter(
      output: output,
      options: .init(
        codec: codec, shardBytes: shardBytes, validationFraction: validationFraction, seed: seed,
        licence: manifest.licence, tool: tool), log: log)
    do {
      var done = 0
      let total = manifest.allShards.reduce(0) { $0 + $1.pairs }
      for entry in manifest.allShards {
        let shard = try ShardReader(folder: folder, entry: entry, codec: manifest.codec)
        try add(shard, to: writer) { progress(done + $0, total) }
        done += entry.pairs
      }
      return try writer.finish()
    } catch {
      writer.cancel()
      throw error
    }
  }

  private func add(_ shard: ShardReader, to writer: DatasetWriter, progress: (Int) -> Void) throws {
    let (scenes, overlaps) = (try shard.scenes, try shard.overlaps)
    var images: [Int: ImageReference] = [:]
    func image(_ number: Int) throws -> ImageReference {
      if let known = images[number] { return known }
      let image = try shard.reference(toImage: number)
      images[number] = image
      return image
    }
    for pair in 0..<shard.pairCount {
      let (view1, view2) = try shard.images(ofPair: pair)
      try writer.addPair(
        image(view1), image(view2), scene: Int(scenes[pair]), overlap: overlaps[pair], flow: shard.flow(ofPair: pair))
      progress(pair + 1)
    }
  }
}

extension ShardReader {
  /// An image as it is stored; its checksum is compared.
  fileprivate func reference(toImage image: Int) throws -> ImageReference {
    let size = try size(ofImage: image)
    return ImageReference(
      bytes: try bytes(ofImage: image), width: size.width, height: size.height, source: try source(ofImage: image))
  }
}
