import Foundation
import Runtime

/// Reading whole files with failures that name them.
package enum FileContent {
  /// The bytes of a file of at most `limit` bytes.
  ///
  /// - Throws: `Failure` of kind `noInput`, `inputOutput`, or `badData` where the file is larger.
  package static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCall.readFailure(path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemCall.readFailure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(.badData, "\(path) is not a file.") }
    guard status.st_size <= limit else {
      throw Failure(.badData, "\(path) has \(status.st_size) bytes; at most \(limit) bytes are read.")
    }
    return try read(descriptor, 0..<Int(status.st_size), path: path)
  }

  /// A range of a file's bytes; a file that ends early is bad data.
  package static func read(_ descriptor: Int32, _ range: Range<Int>, path: String) throws(Failure) -> [UInt8] {
    var failure: Failure?
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      let target = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<range.count])
      failure = pread(descriptor, into: target, at: range.lowerBound, path: path)
      count = failure == nil ? range.count : 0
    }
    if let failure { throw failure }
    return bytes
  }

  /// Fills `buffer` from a file; a file that ends early is bad data.
  package static func pread(
    _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int, path: String
  ) -> Failure? {
    var done = 0
    while done < buffer.count {
      let count = Foundation.pread(
        descriptor, buffer.baseAddress! + done, min(buffer.count - done, 1 << 30), off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      if count < 0 { return SystemCall.readFailure(path) }
      if count == 0 { return Failure(.badData, "\(path) ends before byte \(offset + buffer.count).") }
      done += count
    }
    return nil
  }

  /// Writes all of `buffer` at an offset of a file.
  package static func pwrite(
    _ descriptor: Int32, _ buffer: UnsafeRawBufferPointer, at offset: Int, path: String
  ) -> Failure? {
    var done = 0
    while done < buffer.count {
      let count = Foundation.pwrite(
        descriptor, buffer.baseAddress! + done, min(buffer.count - done, 1 << 30), off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return SystemCall.writeFailure(path) }
      done += count
    }
    return nil
  }
}
