import Foundation
import PairData
import Runtime
import Storage

/// Joins data sets shard by shard. No image is read or encoded again: shards become hard links or, where the scenes of
/// two data sets have the same numbers, copies with other numbers.
package struct DatasetMerger {
  /// Whether all shards are copied, even where a link would do.
  var copiesShards: Bool
  /// The writing program and its version, recorded as given.
  package var tool: String

  /// A merger that links where it can.
  package init(copiesShards: Bool = false, tool: String = "croco") {
    self.copiesShards = copiesShards
    self.tool = tool
  }

  /// A data set that is to be joined, and what is added to its scene numbers.
  private struct Input {
    let folder: String
    let manifest: DatasetManifest
    var sceneShift: UInt32 = 0
  }

  /// Joins the data sets `folders` into the folder `output`: their training shards become training shards, in order,
  /// their validation shards validation shards.
  ///
  /// - Parameters:
  ///   - progress: receives how many shards of how many are done.
  ///   - log: receives a line for every data set.
  /// - Throws: `Failure` of kind `badData` (damaged, or not to be joined), `noInput`, `usage` or `inputOutput`. Nothing
  ///   is left behind then.
  package func merge(
    _ folders: [String], to output: String, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    log: (String) -> Void = { _ in }
  ) throws -> DatasetManifest {
    precondition(!folders.isEmpty, "there is no data set to merge")
    var inputs = try folders.map { Input(folder: $0, manifest: try DatasetManifest(folder: $0)) }
    let codec = try Self.commonCodec(inputs)
    try Self.checkDistinct(inputs)
    try Self.separateScenes(&inputs, log)
    let shards = Split.allCases.flatMap { split in
      inputs.flatMap { input in input.manifest.shards(of: split).map { (split: split, input: input, entry: $0) } }
    }
    let publication = try DatasetPublication(output: output)
    do {
      var splits: [Split: [DatasetManifest.Shard]] = [:]
      for (index, (split, input, entry)) in shards.enumerated() {
        let name = split.shardName(splits[split]?.count ?? 0)
        let path = publication.add(name)
        let merged = try transfer(entry, input, to: path)
        try FileSystem.synchronize(path)
        splits[split, default: []].append(merged.named(name))
        progress(index + 1, shards.count)
      }
      let manifest = describe(inputs, codec, splits)
      try publication.publish(manifest)
      return manifest
    } catch {
      publication.cancel()
      throw error
    }
  }

  private func describe(
    _ inputs: [Input], _ codec: StorageCodec, _ splits: [Split: [DatasetManifest.Shard]]
  ) -> DatasetManifest {
    let manifests = inputs.map(\.manifest)
    var licences: [String] = []
    for case .some(let licence) in manifests.map(\.licence) where !licences.contains(licence) {
      licences.append(licence)
    }
    let options = DatasetOptions(
      codec: codec, seed: manifests[0].seed, licence: licences.isEmpty ? nil : licences.joined(separator: "; "),
      tool: tool)
    return DatasetManifest(
      options, image: manifests.allSatisfy { $0.image == manifests[0].image } ? manifests[0].image : nil,
      flow: manifests.allSatisfy(\.flow), splits: splits)
  }

  // MARK: What fits together

  /// Encoded images can lie side by side, whatever their codec: readers recognise each. Pixels can not.
  private static func commonCodec(_ inputs: [Input]) throws(Failure) -> StorageCodec {
    let first = inputs[0].manifest
    for input in inputs.dropFirst() {
      let other = input.manifest
      let isRaw = [first.codec, other.codec].map { $0 == StorageCodec.raw.name }
      guard isRaw[0] == isRaw[1] else {
        throw Failure(
          .badData,
          "\(inputs[0].folder) has codec \(first.codec) and \(input.folder) \(other.codec): they cannot be one data set.",
          hint: "Convert the images of one of them again, with the other's \(.codec).")
      }
      guard first.flow == other.flow, !isRaw[0] || first.image == other.image else {
        throw Failure(
          .badData,
          "\(inputs[0].folder) and \(input.folder) differ in having flow or not, or hold raw images of different sizes.",
          hint: "Convert or synthesize one of them again, like the other.")
      }
    }
    let same = inputs.allSatisfy { $0.manifest.codec == first.codec && $0.manifest.quality == first.quality }
    return same ? StorageCodec(name: first.codec, quality: first.quality) ?? .keep : .keep
  }

  private static func checkDistinct(_ inputs: [Input]) throws(Failure) {
    var known: [String: String] = [:]
    for input in inputs {
      for split in Split.allCases {
        for shard in input.manifest.shards(of: split) {
          let path = input.folder.appending(path: shard.name)
          if let other = known.updateValue(path, forKey: shard.xxh3) {
            throw Failure(
              .badData, "\(other) and \(path) are the same shard: its pairs would count twice.",
              hint: "Leave out one of the two data sets.")
          }
        }
      }
    }
  }

  /// Moves the scene numbers of data sets that share some with those before.
  private static func separateScenes(_ inputs: inout [Input], _ log: (String) -> Void) throws {
    var taken: [ClosedRange<UInt64>] = []
    for index in inputs.indices {
      let input = inputs[index]
      var (low, high) = (UInt64.max, UInt64.min)
      for split in Split.allCases {
        for entry in input.manifest.shards(of: split) {
          for scene in try ShardReader(folder: input.folder, entry: entry, codec: input.manifest.codec).scenes {
            (low, high) = (min(low, UInt64(scene)), max(high, UInt64(scene)))
          }
        }
      }
      guard low <= high else { continue }
      if taken.contains(where: { $0.overlaps(low...high) }) {
        let shift = taken.map(\.upperBound).reduce(0, max) + 1
        guard let number = UInt32(exactly: shift), high + shift <= UInt64(UInt32.max) else {
          throw Failure(
            .badData, "The data sets have more scenes than 32 bits can number.", hint: "Merge fewer of them.")
        }
        inputs[index].sceneShift = number
        (low, high) = (low + shift, high + shift)
      }
      taken.append(low...high)
      log("\(input.folder): scenes \(low) to \(high)")
    }
  }

  // MARK: Shards

  private func transfer(_ entry: DatasetManifest.Shard, _ input: Input, to path: String) throws -> DatasetManifest.Shard
  {
    let source = input.folder.appending(path: entry.name)
    if input.sceneShift == 0, !copiesShards, FileSystem.link(source, as: path) {
      return entry
    }
    let shard = try ShardReader(folder: input.folder, entry: entry, codec: input.manifest.codec)
    let scenes = try shard.scenes.map { $0 + input.sceneShift }
    return try ShardCopy.write(entry, from: source, to: path, scenes: scenes, at: shard.sceneOffset)
  }
}

extension DatasetManifest.Shard {
  /// The same shard under another name.
  func named(_ name: String) -> DatasetManifest.Shard {
    DatasetManifest.Shard(
      name: name, bytes: bytes, pairs: pairs, images: images, xxh3: xxh3, indexXXH3: indexXXH3, payload: payload)
  }
}

/// Copying a shard with other scene numbers.
enum ShardCopy {
  /// Copies a shard and puts `scenes` at their offset; the source's digest is compared on the way.
  ///
  /// - Returns: the entry with the new digests.
  /// - Throws: `Failure` of kind `badData` for a damaged source, or `inputOutput`.
  static func write(
    _ entry: DatasetManifest.Shard, from source: String, to target: String, scenes: [UInt32], at offset: Int
  ) throws -> DatasetManifest.Shard {
    let (input, output) = (try File(source, .reading), try File(target, .writing))
    let patch = scenes.map(\.littleEndian).withUnsafeBytes { Array($0) }
    let (before, after) = (DigestStream(), DigestStream())
    let step = 4 << 20
    for start in stride(from: 0, to: entry.bytes, by: step) {
      let range = start..<min(entry.bytes, start + step)
      var bytes = try input.bytes(range)
      bytes.withUnsafeBytes { before.update($0) }
      for place in range.clamped(to: offset..<offset + patch.count) { bytes[place - start] = patch[place - offset] }
      bytes.withUnsafeBytes { after.update($0) }
      try output.write(bytes)
    }
    try output.close()
    guard before.digest.description == entry.xxh3 else {
      throw Failure(
        .badData, "Shard \(source) is damaged: its digest does not match the manifest.",
        hint: "Copy the shard again or convert the data set again.")
    }
    let index = try ShardFile.indexDigest(of: target, bytes: entry.bytes, payload: entry.payloadRanges)
    return DatasetManifest.Shard(
      name: entry.name, bytes: entry.bytes, pairs: entry.pairs, images: entry.images,
      xxh3: after.digest.description, indexXXH3: index.description, payload: entry.payload)
  }
}
