import Foundation
import Runtime
import Synchronization

/// An open file. All reading and writing of files goes through it, in whole: calls that a signal interrupts or that move
/// only some of the bytes are repeated.
///
/// Safe for many threads where they read and write at offsets. It is closed with the last reference; who writes calls
/// ``close()``, since network file systems report a full disk there.
package final class File: Sendable {
  /// For what a file is opened.
  package enum Access: Sendable {
    /// To read it.
    case reading
    /// To write it anew: it is made, or emptied where it is there.
    case writing
    /// To write at its end; it is made where it is missing.
    case appending
    /// To read and write it; it must be there.
    case updating
    /// To read and write it; it is made where it is missing.
    case updatingOrCreating
    /// To read and write a file that must not be there yet, and that nobody else may read.
    case creatingPrivately
    /// To flush it, or a folder, to the disk.
    case flushing

    fileprivate var flags: Int32 {
      switch self {
      // A pipe that nobody writes to would hold up whoever opens it.
      case .reading: O_RDONLY | O_NONBLOCK
      case .flushing: O_RDONLY
      case .writing: O_WRONLY | O_CREAT | O_TRUNC
      case .appending: O_WRONLY | O_CREAT | O_APPEND
      case .updating: O_RDWR
      case .updatingOrCreating: O_RDWR | O_CREAT
      case .creatingPrivately: O_RDWR | O_CREAT | O_EXCL
      }
    }
  }

  /// The path that it was opened under.
  package let path: String
  /// The descriptor, for calls of C libraries and child processes.
  let descriptor: Int32

  private let isClosed = Atomic<Bool>(false)

  /// Opens a file.
  ///
  /// - Throws: `Failure` that names it: of kind `inputOutput`, or `noInput` where it is to be read and cannot be found.
  package init(_ path: String, _ access: Access) throws(Failure) {
    self.path = path
    let kind: FileCall.Kind = access.flags & O_CREAT != 0 ? .create : .open
    let mode: mode_t = access == .creatingPrivately ? 0o600 : 0o666
    do throws(SystemError) {
      descriptor = try Int32(
        SystemCall.perform(kind, path) { _ in Int(open(path.systemPath, access.flags | O_CLOEXEC, mode)) })
    } catch {
      throw access == .reading ? .cannotRead(path, code: error.code) : .cannotWrite(path, code: error.code)
    }
  }

  /// Takes over a descriptor, such as an end of a pipe, that messages call `path`.
  init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { try? close() }

  /// Closes the file; again it does nothing.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  package func close() throws(Failure) {
    guard !isClosed.exchange(true, ordering: .relaxed) else { return }
    do throws(SystemError) {
      try SystemCall.close(descriptor, path)
    } catch {
      throw .cannotWrite(path, code: error.code)
    }
  }

  // MARK: Reading

  /// Fills `buffer` from where the last read ended, as far as the file goes.
  ///
  /// - Returns: the number of bytes that were read: less than asked for at the end only.
  /// - Throws: `Failure` of kind `inputOutput`.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    var done = 0
    while done < buffer.count {
      let count = try reading(upTo: buffer.count - done) { Foundation.read(descriptor, buffer.baseAddress! + done, $0) }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Fills `buffer` from an offset.
  ///
  /// - Throws: `Failure` of kind `inputOutput`, or `badData` where the file ends before.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Failure) {
    var done = 0
    while done < buffer.count {
      let count = try reading(upTo: buffer.count - done) {
        pread(descriptor, buffer.baseAddress! + done, $0, off_t(offset + done))
      }
      guard count > 0 else { throw Failure(.badData, "\(path) ends before byte \(offset + buffer.count).") }
      done += count
    }
  }

  /// Reads a range of bytes.
  ///
  /// - Throws: `Failure` of kind `inputOutput`, or `badData` where the file ends before.
  package func bytes(_ range: Range<Int>) throws(Failure) -> [UInt8] {
    try values(UInt8.self, count: range.count, at: range.lowerBound)
  }

  /// Reads an array as it lies in the file.
  ///
  /// - Throws: `Failure` of kind `inputOutput`, or `badData` where the file ends before.
  package func values<Element: BitwiseCopyable>(
    _: Element.Type, count: Int, at offset: Int
  ) throws(Failure) -> [Element] {
    try [Element](unsafeUninitializedCapacity: count) { (buffer, initialized) throws(Failure) in
      try read(into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<count])), at: offset)
      initialized = count
    }
  }

  /// Reads one value as it lies in the file.
  ///
  /// - Throws: `Failure` of kind `inputOutput`, or `badData` where the file ends before.
  package func value<Value: BitwiseCopyable>(_: Value.Type, at offset: Int) throws(Failure) -> Value {
    try withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { (buffer) throws(Failure) in
      try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
      return buffer[0]
    }
  }

  /// Asks the system to fetch a range soon; returns at once (`posix_fadvise`).
  package func willRead(_ range: Range<Int>) {
    #if !canImport(Darwin)
      posix_fadvise(descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_WILLNEED)
    #endif
  }

  /// What the system knows of the file.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  package func status() throws(Failure) -> FileStatus {
    var status = stat()
    _ = try reading(.look, upTo: 0) { _ in Int(fstat(descriptor, &status)) }
    return FileStatus(status)
  }

  /// All bytes from where the last read ended, also of a pipe or of a file whose length the system does not tell.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  package func readToEnd() throws(Failure) -> [UInt8] {
    // One more than there should be, so that the end shows.
    let room = try max(status().bytes, 4095) + 1
    var bytes: [UInt8] = []
    while true {
      let piece = try [UInt8](unsafeUninitializedCapacity: room) { (buffer, count) throws(Failure) in
        count = try read(into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<room])))
      }
      if bytes.isEmpty { bytes = piece } else { bytes += piece }
      if piece.count < room { return bytes }
    }
  }

  /// All bytes of a file of at most `limit` bytes.
  ///
  /// - Throws: `Failure` of kind `noInput`, `inputOutput`, or `badData` where the file is larger or none.
  package static func contents(of path: String, limit: Int = 1 << 30) throws(Failure) -> [UInt8] {
    let file = try File(path, .reading)
    let status = try file.status()
    guard status.isRegular else { throw Failure(.badData, "\(path) is not a file.") }
    guard status.bytes <= limit else {
      throw Failure(.badData, "\(path) has \(status.bytes) bytes; at most \(limit) bytes are read.")
    }
    return try file.readToEnd()
  }

  private func reading(
    _ kind: FileCall.Kind = .read, upTo bytes: Int, _ body: (Int) -> Int
  ) throws(Failure) -> Int {
    do throws(SystemError) {
      return try SystemCall.perform(kind, path, upTo: bytes, body)
    } catch {
      throw .cannotRead(path, code: error.code)
    }
  }

  // MARK: Writing

  /// Writes all of `bytes` where the last write ended, or at the end of a file that was opened for appending.
  ///
  /// - Throws: `Failure` of kind `inputOutput`. Some of the bytes may be written then.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    var done = 0
    while done < bytes.count {
      done += try writing(.write, upTo: bytes.count - done) {
        Foundation.write(descriptor, bytes.baseAddress! + done, $0)
      }
    }
  }

  /// Writes all of `bytes` at an offset.
  ///
  /// - Throws: `Failure` of kind `inputOutput`. Some of the bytes may be written then.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Failure) {
    var done = 0
    while done < bytes.count {
      done += try writing(.write, upTo: bytes.count - done) {
        pwrite(descriptor, bytes.baseAddress! + done, $0, off_t(offset + done))
      }
    }
  }

  /// Writes an array's bytes where the last write ended.
  package func write<Element: BitwiseCopyable>(_ values: [Element]) throws(Failure) {
    try values.withUnsafeBufferPointer { (buffer) throws(Failure) in try write(UnsafeRawBufferPointer(buffer)) }
  }

  /// Writes an array's bytes at an offset.
  package func write<Element: BitwiseCopyable>(_ values: [Element], at offset: Int) throws(Failure) {
    try values.withUnsafeBufferPointer { (buffer) throws(Failure) in
      try write(UnsafeRawBufferPointer(buffer), at: offset)
    }
  }

  /// Cuts the file off after `length` bytes.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  package func truncate(to length: Int) throws(Failure) {
    _ = try writing(.truncate, upTo: 0) { _ in Int(ftruncate(descriptor, off_t(length))) }
  }

  /// Flushes the file to the disk (`fsync`).
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  package func synchronize() throws(Failure) {
    do throws(SystemError) {
      try SystemCall.perform(.synchronize, path) { _ in Int(fsync(descriptor)) }
    } catch {
      // EINVAL: a file system that cannot flush a folder (some network mounts); there is nothing to do then.
      guard error.code == EINVAL else { throw .cannotWrite(path, code: error.code) }
    }
  }

  /// Takes the file's lock (`flock`) if nobody else has it. It is let go with the file, also by a kill.
  ///
  /// File systems without locks (ENOLCK, EOPNOTSUPP) cannot tell; there it is always taken.
  package func takeLock() -> Bool {
    do throws(SystemError) {
      try SystemCall.perform(.lock, path) { _ in Int(flock(descriptor, LOCK_EX | LOCK_NB)) }
      return true
    } catch {
      return error.code != EWOULDBLOCK
    }
  }

  private func writing(_ kind: FileCall.Kind, upTo bytes: Int, _ body: (Int) -> Int) throws(Failure) -> Int {
    do throws(SystemError) {
      let count = try SystemCall.perform(kind, path, upTo: bytes, body)
      // Nothing written and no error: it would never end.
      guard count > 0 || bytes == 0 else { throw SystemError(code: EIO) }
      return count
    } catch {
      throw .cannotWrite(path, code: error.code)
    }
  }
}
