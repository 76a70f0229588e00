internal import CSpng
import Foundation
import Runtime
import Storage

/// Writes a data-set folder: immutable shards and, last of all, `manifest.json`.
///
/// The same calls give the same bytes. Nothing appears under a final name before ``finish()``; until then, and after a
/// kill, the folder holds temporary files only. Memory stays below about `shardBytes` a split. Not safe for threads;
/// prepare ``ImageReference``s in parallel and add them in order.
package final class DatasetWriter {
  /// How a data set is written.
  package struct Options: Sendable {
    /// How images are stored.
    package var codec: StorageCodec
    /// A shard is written when its images and flow reach this many bytes.
    package var shardBytes: Int
    /// The share of scenes that goes to the validation split, 0 to 1.
    package var validationFraction: Double
    /// Seed of the draw that assigns scenes to splits.
    package var seed: UInt64
    /// Licence or origin of the images, recorded as given.
    package var licence: String?
    /// The writing program and its version, recorded as given.
    package var tool: String

    /// Shards of 256 MB, a tenth of the scenes for validation.
    package init(
      codec: StorageCodec, shardBytes: Int = 256_000_000, validationFraction: Double = 0.1, seed: UInt64 = 0,
      licence: String? = nil, tool: String = "croco"
    ) {
      precondition((0...1).contains(validationFraction), "validation fraction \(validationFraction) is outside 0...1")
      precondition(shardBytes > 0, "a shard cannot hold \(shardBytes) bytes")
      self.codec = codec
      self.shardBytes = shardBytes
      self.validationFraction = validationFraction
      self.seed = seed
      self.licence = licence
      self.tool = tool
    }
  }

  /// The data-set folder.
  package let output: String
  /// How it is written.
  package let options: Options

  private let log: (String) -> Void
  private let publication: DatasetPublication
  private var builders: [Split: ShardBuilder] = [:]
  private var written: [Split: [DatasetManifest.Shard]] = [:]
  private var sceneNumbers: [String: UInt32] = [:]
  private var commonSize: DatasetManifest.ImageSize?
  private var hasMixedSizes = false
  private var hasFlow: Bool?
  private var isFinished = false

  /// Claims the output folder: creates it, or takes an empty one. Leftovers of a killed writer are removed.
  ///
  /// - Parameter log: receives a line for every shard.
  /// - Throws: `Failure` of kind `usage` (the folder holds something) or `inputOutput` (it cannot be written).
  package init(output: String, options: Options, log: @escaping (String) -> Void = { _ in }) throws {
    self.output = output
    self.options = options
    self.log = log
    publication = try DatasetPublication(output: output)
  }

  deinit {
    if !isFinished { cancel() }
  }

  /// The split of a scene: a draw keyed by the seed and the scene's name, the same on every machine.
  package static func split(ofScene name: String, fraction: Double, seed: UInt64) -> Split {
    let digest = Array(name.utf8).withUnsafeBytes { FileDigest(of: $0) }
    var stream = RandomStream(seed: seed, purpose: .split, index: Int(digest.value >> 24))
    return Double(stream.nextUnit()) < fraction ? .validation : .train
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
    let number = sceneNumbers[scene] ?? UInt32(sceneNumbers.count)
    sceneNumbers[scene] = number
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
      codec: options.codec, image: hasMixedSizes ? nil : commonSize, flow: hasFlow ?? false, licence: options.licence,
      seed: options.seed, tool: options.tool,
      splits: Dictionary(uniqueKeysWithValues: written.map { ($0.key.rawValue, $0.value) }))
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
    let split = split ?? Self.split(ofScene: name, fraction: options.validationFraction, seed: options.seed)
    if let open = builders[split], open.payloadBytes + open.cost(view1, view2, flow: flow) > options.shardBytes {
      try flush(split)
    }
    let builder = builders[split] ?? ShardBuilder(codec: options.codec)
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
            "\(image.source) is \(size.width)x\(size.height), the images before it \(common.width)x\(common.height).",
            hint: "With --codec raw all images need one size: give --size.")
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
    let name = Self.shardName(split, written[split]?.count ?? 0)
    let path = publication.add(name)
    let shard = try builder.write(to: path, name: name, attributes: Self.attributes(options))
    try FileSystem.synchronize(path)
    written[split, default: []].append(shard)
    log("\(name): \(shard.pairs) pairs, \(shard.images) images, \(shard.bytes) bytes")
  }

  /// The file name of a split's shard, such as train-00000.h5.
  package static func shardName(_ split: Split, _ number: Int) -> String {
    let digits = String(number)
    return "\(split.rawValue)-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ".h5"
  }

  /// The libraries whose versions the bytes of a shard may depend on.
  package static let libraries = "HDF5 \(HDF5.version), libspng \(String(cString: spng_version_string()))"

  /// The texts that every shard carries.
  package static func attributes(_ options: Options) -> [(String, String)] {
    var attributes = [
      ("format", DatasetManifest.formatName), ("codec", options.codec.name), ("tool", options.tool),
      ("libraries", libraries),
    ]
    if let licence = options.licence { attributes.append(("licence", licence)) }
    return attributes
  }
}
