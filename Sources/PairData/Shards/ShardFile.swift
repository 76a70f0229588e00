import Foundation
import Storage

/// What can be known of a shard file without HDF5: its length and the digest of its index.
enum ShardFile {
  /// The file's length in bytes.
  static func length(of path: String) throws(Failure) -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else { throw SystemCall.readFailure(path) }
    return Int(status.st_size)
  }

  /// XXH3 of all bytes outside the payload ranges, which ascend.
  static func indexDigest(of path: String, bytes: Int, payload: [Range<Int>]) throws(Failure) -> FileDigest {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCall.readFailure(path) }
    defer { close(descriptor) }
    let starts = [0] + payload.map(\.upperBound)
    let ends = payload.map(\.lowerBound) + [bytes]
    let index = UnsafeMutableRawBufferPointer.allocate(
      byteCount: bytes - payload.reduce(0) { $0 + $1.count }, alignment: 64)
    defer { index.deallocate() }
    var filled = 0
    for (start, end) in zip(starts, ends) {
      let piece = UnsafeMutableRawBufferPointer(rebasing: index[filled..<(filled + end - start)])
      if let failure = FileContent.pread(descriptor, into: piece, at: start, path: path) { throw failure }
      filled += piece.count
    }
    return FileDigest(of: UnsafeRawBufferPointer(index))
  }

  /// Checks a shard against its manifest entry before HDF5 sees it, since damaged files can make HDF5 crash or spin.
  ///
  /// - Throws: `Failure` of kind `noInput` (missing) or `badData` (truncated, damaged) that names the shard.
  static func check(_ path: String, against entry: DatasetManifest.Shard) throws(Failure) {
    let hint = "Copy the shard again or convert the data set again."
    guard FileManager.default.fileExists(atPath: path) else {
      throw Failure(.noInput, "Shard \(path) is missing.", hint: hint)
    }
    let bytes = try length(of: path)
    guard bytes == entry.bytes else {
      let what = bytes < entry.bytes ? "truncated" : "too long"
      throw Failure(
        .badData, "Shard \(path) is \(what): it has \(bytes) bytes, the manifest says \(entry.bytes).", hint: hint)
    }
    let digest = try indexDigest(of: path, bytes: bytes, payload: entry.payloadRanges)
    guard digest.description == entry.indexXXH3 else {
      throw Failure(.badData, "Shard \(path) is damaged: its index does not match the manifest.", hint: hint)
    }
  }
}
