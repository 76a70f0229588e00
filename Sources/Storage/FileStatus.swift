import Foundation

/// What the system knows of a file or folder.
package struct FileStatus: Sendable {
  /// Its length in bytes.
  package let bytes: Int
  /// Whether it is a regular file.
  package let isRegular: Bool
  /// Whether it is a folder.
  package let isFolder: Bool
  /// What tells it from others and from what it was before.
  package let identity: FileIdentity

  init(_ status: stat) {
    bytes = Int(status.st_size)
    isRegular = status.st_mode & S_IFMT == S_IFREG
    isFolder = status.st_mode & S_IFMT == S_IFDIR
    identity = FileIdentity(status)
  }
}

/// What tells that a file is still the one that was looked at: device, number, length and time of the last change.
package struct FileIdentity: Sendable, Equatable {
  private let device: UInt64
  private let node: UInt64
  private let bytes: Int
  private let seconds: Int
  private let nanoseconds: Int

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    node = UInt64(status.st_ino)
    bytes = Int(status.st_size)
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    (seconds, nanoseconds) = (time.tv_sec, time.tv_nsec)
  }

  /// Whether both are one file, changed meanwhile or not.
  package func isSameFile(as other: FileIdentity) -> Bool { device == other.device && node == other.node }
}
