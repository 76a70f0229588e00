import Foundation
import Runtime

/// A file whose bytes lie in memory, read from the disk where they are looked at (`mmap`).
package final class MappedFile: @unchecked Sendable {
  /// The bytes, as long as the object is held.
  package let bytes: UnsafeRawBufferPointer

  /// Maps a regular file.
  ///
  /// - Throws: `Failure` of kind `noInput`, `inputOutput`, or `badData` where it is none.
  package init(_ path: String) throws(Failure) {
    let file = try File(path, .reading)
    let status = try file.status()
    guard status.isRegular else { throw Failure(.badData, "\(path) is not a file.") }
    guard status.bytes > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    var start: UnsafeMutableRawPointer?
    do throws(SystemError) {
      try SystemCall.perform(.map, path) { _ in
        start = mmap(nil, status.bytes, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
        return start == MAP_FAILED ? -1 : 0
      }
    } catch {
      throw .cannotRead(path, code: error.code)
    }
    bytes = UnsafeRawBufferPointer(start: start, count: status.bytes)
  }

  deinit {
    if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
  }
}
