import Foundation
import Runtime
import Storage

/// Writes a data-set folder: immutable shards and, last of all, `manifest.json`.
///
/// The same calls give the same bytes. Nothing appears under a final name before ``finish()``; until then, and after a
/// kill, the folder holds temporary files only. Memory stays below about `shardBytes` a split. Not safe for threads;
/// prepare ``ImageReference``s in parallel and add them in order.
package final class DatasetWriter {
  /// The data-set folder.
  package let output: String
  /// How it is written.
  package let options: DatasetOptions

  private let log: (String) -> Void
  private let publication: DatasetPublication
  private var builders: [Split: ShardBuilder] = [:]
  private var written: [Split: [DatasetManifest.Shard]] = [:]
  private var sceneNumbers: [ExactText: UInt32] = [:]
  private var commonSize: DatasetManifest.ImageSize?
  private var hasMixedSizes = false
  private var hasFlow: Bool?
  private var isFinished = false

  /// Claims the output folder: creates it, or takes an empty one. Leftovers of a killed writer are removed.
  ///
  /// - Parameter log: receives a line for every shard.
  /// - Throws: `Failure` of kind `usage` (the folder holds something) or `inputOutput` (it cannot be written).
  package init(output: String, options: DatasetOptions, log: @escaping (String) -> Void = { _ in }) throws {
    self.output = output
    self.options = options
    self.log = log
    publication = try DatasetPublication(output: output)
  }

  deinit {
    if !isFinished { cancel() }
  }

  /// Prepares an image file with the data set's codec (no file is read or written).
  package func addImage(_ image: EncodedImage, source: String) throws -> ImageReference {
    try ImageReference(image, codec: options.codec, source: source)
  }

  /// Prepares pixels with the data set's codec.
  package func addImage(_ image: RGBImage, source: String) throws -> ImageReference {
    try ImageReference(image, codec: options.codec, source: source)
  }

  /// Adds a pair of a named scene. Scenes are numbered in order of appearance; use names or numbers, not both.
  ///
  /// - Parameters:
  ///   - overlap: the share of view 1 that view 2 sees, or NaN.
  ///   - flow: from view 1 to view 2 in pixels, NaN where occluded: [H, W, 2]; for all pairs or for none.
  ///   - split: overrides the draw by scene.
  /// - Throws: `Failure` of kind `badData` (sizes do not fit together) or `inputOutput`.
  package func addPair(
    _ view1: ImageReference, _ view2: ImageReference, scene: String, overlap: Float = .nan, flow: [Float]? = nil,
    split: Split? = nil
  ) throws {
    let number = sceneNumbers[ExactText(scene)] ?? UInt32(sceneNumbers.count)
    sceneNumbers[ExactText(scene)] = number
    try add(view1, view2, scene: number, name: scene, overlap: overlap, flow: flow, split: split)
  }

  /// Adds a pair of a numbered scene (0 to 2^32 - 1).
  package func addPair(
    _ view1: ImageReference, _ view2: ImageReference, scene: Int, overlap: Float = .nan, flow: [Float]? = nil,
    split: Split? = nil
  ) throws {
    precondition(UInt32(exactly: scene) != nil, "scene \(scene) is outside 0..<2^32")
    try add(view1, view2, scene: UInt32(scene), name: String(scene), overlap: overlap, flow: flow, split: split)
  }

  /// Writes the last shards, gives all files their final names, and publishes the manifest.
  ///
  /// - Throws: `Failure` of kind `badData` where no pair was added, or `inputOutput`.
  @discardableResult
  package func finish() throws -> DatasetManifest {
    precondition(!isFinished, "a data set is finished once")
    for split in Split.allCases { try flush(split) }
    guard !written.isEmpty else {
      throw Failure(.badData, "There is no pair to write to \(output).")
    }
    let manifest = DatasetManifest(
      options, image: hasMixedSizes ? nil : commonSize, flow: hasFlow ?? false, splits: written)
    try publication.publish(manifest)
    isFinished = true
    return manifest
  }

  /// Removes everything that was written so far.
  package func cancel() {
    isFinished = true
    publication.cancel()
  }

  // MARK: Shards

  private func add(
    _ view1: ImageReference, _ view2: ImageReference, scene: UInt32, name: String, overlap: Float, flow: [Float]?,
    split: Split?
  ) throws {
    precondition(!isFinished, "the data set \(output) is finished")
    try checkSizes(view1, view2, flow: flow)
    let split = split ?? options.split(ofScene: name)
    if let open = builders[split], open.payloadBytes + open.cost(view1, view2, flow: flow) > options.shardBytes {
      try flush(split)
    }
    let builder = builders[split] ?? ShardBuilder(options)
    builders[split] = builder
    builder.add(view1, view2, scene: scene, overlap: overlap, flow: flow)
  }

  private func checkSizes(_ view1: ImageReference, _ view2: ImageReference, flow: [Float]?) throws(Failure) {
    for image in [view1, view2] {
      let size = DatasetManifest.ImageSize(height: image.height, width: image.width)
      let common = commonSize ?? size
      if size != common {
        hasMixedSizes = true
        if options.codec == .raw || flow != nil {
          throw Failure(
            .badData,
            "\(image.source) is \(size.text), the images before it \(common.text).",
            hint: .oneSizeForRaw)
        }
      }
      commonSize = common
    }
    if let flow {
      precondition(
        flow.count == view1.height * view1.width * 2, "flow of \(view1.source) has \(flow.count) values, not H x W x 2")
    }
    guard hasFlow ?? (flow != nil) == (flow != nil) else {
      throw Failure(
        .badData, "The pair of \(view1.source) and \(view2.source) differs from those before in having flow or not.")
    }
    hasFlow = flow != nil
  }

  private func flush(_ split: Split) throws {
    guard let builder = builders.removeValue(forKey: split) else { return }
    let name = split.shardName(written[split]?.count ?? 0)
    let path = publication.add(name)
    let shard = try builder.write(to: path, name: name)
    try FileSystem.synchronize(path)
    written[split, default: []].append(shard)
    log(shard.summary)
  }
}
