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

  private let descriptor: Int32
  private let folder: String
  private var end = 0

  /// Opens a file in `folder` whose name is removed at once: its space is given back however the process ends.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the folder.
  init(folder: String) throws(Failure) {
    let path = folder + "/features" + Publication.temporaryMarker + String(getpid())
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    self.folder = folder
    guard descriptor >= 0 else { throw SystemCall.writeFailure(path) }
    unlink(path)
  }

  deinit { close(descriptor) }

  /// Adds the features of the next image.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the folder.
  func append(_ features: FeatureSet) throws {
    entries.append(
      Entry(
        imageWidth: features.imageWidth, imageHeight: features.imageHeight, width: features.width,
        height: features.height, count: features.count, offset: end))
    try features.keypoints.withUnsafeBytes { try write($0) }
    try features.descriptors.withUnsafeBytes { try write($0) }
  }

  /// The features of image `index`. May be called by several threads at once.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the folder.
  func features(of index: Int) throws(Failure) -> FeatureSet {
    let entry = entries[index]
    var isRead = true
    let keypoints = [Keypoint](unsafeUninitializedCapacity: entry.count) { target, count in
      isRead = read(UnsafeMutableRawBufferPointer(target), at: entry.offset)
      count = entry.count
    }
    let bytes = entry.count * FeatureSet.descriptorSize
    let descriptors = [UInt8](unsafeUninitializedCapacity: bytes) { target, count in
      let place = entry.offset + entry.count * MemoryLayout<Keypoint>.stride
      isRead =
        isRead
        && read(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(target)[..<bytes]), at: place)
      count = bytes
    }
    guard isRead else { throw SystemCall.readFailure(folder) }
    return FeatureSet(
      imageWidth: entry.imageWidth, imageHeight: entry.imageHeight, width: entry.width, height: entry.height,
      keypoints: keypoints, descriptors: descriptors)
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(end + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw SystemCall.writeFailure(folder) }
      done += count
    }
    end += bytes.count
  }

  private func read(_ target: UnsafeMutableRawBufferPointer, at offset: Int) -> Bool {
    var done = 0
    while done < target.count {
      let count = pread(descriptor, target.baseAddress! + done, target.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
