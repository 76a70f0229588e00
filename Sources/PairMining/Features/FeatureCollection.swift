import Foundation
import PairData
import Runtime
import Storage

/// The features of all images of a search, and what is wrong with some of them.
struct FeatureCollection {
  /// An image that cannot be used.
  struct BadImage: Sendable {
    let image: Int
    let reason: String
  }

  /// Images that can be compared: read, and no copy of an earlier file.
  private(set) var usable: [Int] = []
  /// Images that cannot be read.
  private(set) var badImages: [BadImage] = []
  /// Files with the bytes of an earlier one: the copy and the earlier one.
  private(set) var copies: [(image: Int, of: Int)] = []
  /// How the stored pixels of each image are to be shown.
  private(set) var orientations: [Orientation] = []
  /// Descriptors of the largest features of each image, [count, 128].
  private(set) var largestDescriptors: [[UInt8]] = []
  /// The number of features of all images.
  private(set) var featureCount = 0

  /// The size of each image as shown.
  var sizes: [(width: Int, height: Int)] { store.entries.map { ($0.imageWidth, $0.imageHeight) } }

  private let store: FeatureStore

  /// - Throws: `Failure` of kind `inputOutput` that names the folder.
  init(scratch: String) throws { store = try FeatureStore(folder: scratch) }

  /// The features of an image.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  func features(of image: Int) throws -> FeatureSet { try store.features(of: image) }

  private struct Extraction {
    let features: FeatureSet
    let orientation: Orientation
    let digest: UInt64
    let bytes: Int
  }

  /// Reads images and finds their features.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where the features cannot be stored.
  mutating func extract(
    _ images: [SourceImage], options: MiningOptions, pool: WorkerPool, progress: PairMiner.Progress,
    log: (String) -> Void
  ) throws {
    let extractors = (0..<pool.workerCount).map { _ in FeatureExtractor(options: options.features) }
    var known: [UInt64: (image: Int, bytes: Int)] = [:]
    for start in stride(from: 0, to: images.count, by: 4 * pool.workerCount) {
      let batch = start..<min(images.count, start + 4 * pool.workerCount)
      let results = pool.map(batch.count) { task, worker in
        try Self.extract(images[batch.lowerBound + task].path, extractors[worker])
      }
      for (image, result) in zip(batch, results) {
        switch result {
        case .success(let extraction):
          if let earlier = known[extraction.digest], earlier.bytes == extraction.bytes {
            copies.append((image, earlier.image))
          } else {
            known[extraction.digest] = (image, extraction.bytes)
            usable.append(image)
          }
          try add(extraction)
        case .failure(let error):
          let reason = (error as? Failure)?.message ?? "\(images[image].path): \(error)"
          badImages.append(BadImage(image: image, reason: reason))
          log("left out: \(reason)")
          try addNothing()
        }
      }
      progress(.features, batch.upperBound, images.count)
    }
  }

  private static func extract(_ path: String, _ extractor: FeatureExtractor) throws -> Extraction {
    let encoded = try EncodedImage(file: path)
    let digest = encoded.bytes.withUnsafeBytes { FileDigest(of: $0) }
    return Extraction(
      features: extractor.features(of: try encoded.decoded()), orientation: encoded.orientation,
      digest: digest.value, bytes: encoded.bytes.count)
  }

  private mutating func add(_ extraction: Extraction) throws {
    orientations.append(extraction.orientation)
    let bytes = ComparisonPlan.preliminaryFeatures * FeatureSet.descriptorSize
    largestDescriptors.append(Array(extraction.features.descriptors.prefix(bytes)))
    featureCount += extraction.features.count
    try store.append(extraction.features)
  }

  private mutating func addNothing() throws {
    orientations.append(.upright)
    largestDescriptors.append([])
    try store.append(FeatureSet(imageWidth: 0, imageHeight: 0, width: 0, height: 0, keypoints: [], descriptors: []))
  }
}
