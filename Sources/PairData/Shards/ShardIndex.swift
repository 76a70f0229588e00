import Runtime
import Storage

/// The bytes of a shard outside its payload: everything that HDF5 reads. In memory while the shard is checked, no longer.
final class ShardIndex {
  private let memory: UnsafeMutableRawBufferPointer
  // Ranges of the file, and where they begin in memory.
  private let pieces: [(file: Range<Int>, place: Int)]

  /// Reads all of a file of `bytes` bytes but its payload, whose ranges ascend.
  ///
  /// - Throws: `Failure` of kind `noInput`, `inputOutput` or `badData` (the file is shorter).
  init(of path: String, bytes: Int, payload: [Range<Int>]) throws(Failure) {
    let source = try File(path, .reading)
    let starts = [0] + payload.map(\.upperBound)
    let ends = payload.map(\.lowerBound) + [bytes]
    var pieces: [(file: Range<Int>, place: Int)] = []
    var place = 0
    for (start, end) in zip(starts, ends) {
      pieces.append((start..<end, place))
      place += end - start
    }
    self.pieces = pieces
    memory = .allocate(byteCount: place, alignment: 64)
    for (file, place) in pieces {
      let piece = UnsafeMutableRawBufferPointer(rebasing: memory[place..<(place + file.count)])
      try source.read(into: piece, at: file.lowerBound)
    }
  }

  deinit { memory.deallocate() }

  /// XXH3 of the bytes.
  var digest: FileDigest { FileDigest(of: UnsafeRawBufferPointer(memory)) }

  /// The elements of an array; nil where it does not lie within the bytes.
  func elements<Element>(_ array: StoredArray<Element>) -> Elements<Element>? {
    guard array.count > 0 else { return Elements(start: UnsafeRawPointer(memory.baseAddress!), count: 0) }
    let range = array.fileRange
    guard let piece = pieces.first(where: { $0.file.contains(range.lowerBound) }),
      range.upperBound <= piece.file.upperBound
    else { return nil }
    let place = piece.place + range.lowerBound - piece.file.lowerBound
    return Elements(start: UnsafeRawPointer(memory.baseAddress! + place), count: array.count)
  }

  /// An array in the index's memory, valid as long as the index; HDF5 does not align arrays.
  struct Elements<Element: BitwiseCopyable> {
    let start: UnsafeRawPointer
    let count: Int

    subscript(_ index: Int) -> Element {
      start.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.stride, as: Element.self)
    }

    /// Whether all elements pass.
    func allSatisfy(_ passes: (Element) -> Bool) -> Bool { (0..<count).allSatisfy { passes(self[$0]) } }
  }
}

extension ShardIndex.Elements where Element: Comparable {
  /// Whether no element is less than the one before.
  var ascends: Bool { (1..<max(1, count)).allSatisfy { self[$0 - 1] <= self[$0] } }
}

/// A contiguous array of little-endian elements in a shard file.
struct StoredArray<Element: BitwiseCopyable>: Sendable {
  /// Where it begins in the file.
  let offset: Int
  /// Its elements, over all dimensions.
  let count: Int

  /// The bytes of the file that it takes.
  var fileRange: Range<Int> { offset..<(offset + count * MemoryLayout<Element>.stride) }
}
