import Foundation
import Runtime
import Storage

/// Features of many images in an unnamed file, so that memory does not grow with the number of images.
final class FeatureStore {
  /// The size and the number of features of a stored image.
  struct Entry: Sendable {
    let imageWidth: Int, imageHeight: Int
    let width: Int, height: Int
    let count: Int
    fileprivate let offset: Int
  }

  /// What is stored, in order.
  private(set) var entries: [Entry] = []

  private let file: File
  private var end = 0

  /// Opens a file in `folder` whose name is removed at once: its space is given back however the process ends.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the folder.
  init(folder: String) throws(Failure) {
    let path = Publication.temporaryPath(for: folder.appending(path: "features"))
    file = try File(path, .creatingPrivately)
    try FileSystem.remove(path)
  }

  /// Adds the features of the next image.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the folder.
  func append(_ features: FeatureSet) throws {
    entries.append(
      Entry(
        imageWidth: features.imageWidth, imageHeight: features.imageHeight, width: features.width,
        height: features.height, count: features.count, offset: end))
    try file.write(features.keypoints, at: end)
    end += features.count * MemoryLayout<Keypoint>.stride
    try file.write(features.descriptors, at: end)
    end += features.count * FeatureSet.descriptorSize
  }

  /// The features of image `index`. May be called by several threads at once.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the folder.
  func features(of index: Int) throws(Failure) -> FeatureSet {
    let entry = entries[index]
    let keypoints = try file.values(Keypoint.self, count: entry.count, at: entry.offset)
    let descriptors = try file.values(
      UInt8.self, count: entry.count * FeatureSet.descriptorSize,
      at: entry.offset + entry.count * MemoryLayout<Keypoint>.stride)
    return FeatureSet(
      imageWidth: entry.imageWidth, imageHeight: entry.imageHeight, width: entry.width, height: entry.height,
      keypoints: keypoints, descriptors: descriptors)
  }
}
