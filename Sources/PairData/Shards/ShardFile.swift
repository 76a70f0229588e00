import Runtime
import Storage

/// What can be known of a shard file without HDF5: its length and the digest of its index.
package enum ShardFile {
  private static let hint: Advice = "Copy the shard again or convert the data set again."

  /// The file's length in bytes.
  package static func length(of path: String) throws(Failure) -> Int { try FileSystem.status(of: path).bytes }

  /// XXH3 of all bytes outside the payload ranges, which ascend.
  package static func indexDigest(of path: String, bytes: Int, payload: [Range<Int>]) throws(Failure) -> FileDigest {
    try ShardIndex(of: path, bytes: bytes, payload: payload).digest
  }

  /// Checks that a shard is there and has the manifest's length; reads none of it.
  ///
  /// - Throws: `Failure` of kind `noInput` (missing) or `badData` (another length) that names the shard.
  static func checkLength(_ path: String, against entry: DatasetManifest.Shard) throws(Failure) {
    guard FileSystem.exists(path) else { throw missing(path) }
    let bytes = try length(of: path)
    guard bytes == entry.bytes else {
      let what = bytes < entry.bytes ? "truncated" : "too long"
      throw Failure(
        .badData, "Shard \(path) is \(what): it has \(bytes) bytes, the manifest says \(entry.bytes).", hint: hint)
    }
  }

  /// Reads a shard's index and checks it against the manifest entry before HDF5 sees the file, since damaged files can
  /// make HDF5 crash or spin.
  ///
  /// - Throws: `Failure` of kind `noInput` (missing) or `badData` (truncated, damaged) that names the shard.
  static func checkedIndex(_ path: String, against entry: DatasetManifest.Shard) throws(Failure) -> ShardIndex {
    try checkLength(path, against: entry)
    let index = try ShardIndex(of: path, bytes: entry.bytes, payload: entry.payloadRanges)
    guard index.digest.description == entry.indexXXH3 else {
      throw Failure(.badData, "Shard \(path) is damaged: its index does not match the manifest.", hint: hint)
    }
    return index
  }

  /// What is said of a shard that is not there.
  package static func missing(_ path: String) -> Failure { Failure(.noInput, "Shard \(path) is missing.", hint: hint) }

  /// What is said of an item whose bytes have changed.
  static func spoilt(_ item: String) -> Failure {
    Failure(.badData, "The \(item) is damaged: its checksum does not match.", hint: hint)
  }
}
