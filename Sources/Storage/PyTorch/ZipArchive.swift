import Runtime

/// The directory of a zip archive whose entries are stored as they are; zip64 as well.
///
/// Source: PKWARE's description of the zip format ("APPNOTE"), version 6.3.
struct ZipArchive {
  /// One entry: where its bytes lie in the file, and what they must digest to.
  struct Entry {
    let name: String
    let bytes: Range<Int>
    let checksum: UInt32
  }

  /// The entries in the order of the directory.
  private(set) var entries: [Entry] = []

  private let path: String
  private let file: ByteReader

  /// Reads the directory. Sizes and places are checked against the file; the bytes of the entries are not looked at.
  ///
  /// - Throws: `Failure` of kind `badData` that names the file and the entry.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws(Failure) {
    self.path = path
    file = ByteReader(bytes)
    let directory = try directory()
    // The smallest record has 46 bytes, so that the count cannot ask for more memory than the file has.
    guard directory.count <= directory.bytes.count / 46 else { throw damaged("its directory is too short") }
    var place = directory.bytes.lowerBound
    var stored = 0
    for _ in 0..<directory.count {
      let entry = try entry(at: &place, before: directory.bytes.upperBound)
      entries.append(entry)
      stored += entry.bytes.count
      // Entries that share bytes would make the checks take longer than any file deserves.
      guard stored <= bytes.count else { throw damaged("its entries overlap") }
    }
  }

  /// Where the directory lies, and how many entries it has.
  private func directory() throws(Failure) -> (bytes: Range<Int>, count: Int) {
    guard let end = endRecord else {
      throw Failure(
        .badData, "\(path) is truncated: it begins as a zip archive and has no directory at its end.",
        hint: PyTorchFile.advice)
    }
    guard let count = file.uint16(end + 10), let size = file.uint32(end + 12), let start = file.uint32(end + 16) else {
      throw damaged("its last record is cut off")
    }
    if count == 0xFFFF || size == Int(UInt32.max) || start == Int(UInt32.max) { return try largeDirectory(end) }
    guard start <= end, size <= end - start else { throw damaged("its directory does not lie within it") }
    return (start..<start + size, count)
  }

  /// The place of the record that ends the archive; a comment of up to 65535 bytes may follow it.
  private var endRecord: Int? {
    let last = file.count - 22
    guard last >= 0 else { return nil }
    return stride(from: last, through: max(0, last - 0xFFFF), by: -1).first {
      file.uint32($0) == 0x0605_4B50 && file.uint16($0 + 20) == last - $0
    }
  }

  /// The same by the records of zip64, to which a locator before the last record leads.
  private func largeDirectory(_ end: Int) throws(Failure) -> (bytes: Range<Int>, count: Int) {
    guard file.uint32(end - 20) == 0x0706_4B50, let record = file.uint64(end - 12), file.uint32(record) == 0x0606_4B50,
      let count = file.uint64(record + 32), let size = file.uint64(record + 40), let start = file.uint64(record + 48),
      start <= end, size <= end - start
    else { throw damaged("its zip64 directory does not lie within it") }
    return (start..<start + size, count)
  }

  private func entry(at place: inout Int, before end: Int) throws(Failure) -> Entry {
    let start = place
    guard start + 46 <= end, file.uint32(start) == 0x0201_4B50, let flags = file.uint16(start + 8),
      let method = file.uint16(start + 10), let checksum = file.uint32(start + 16),
      let nameLength = file.uint16(start + 28), let extraLength = file.uint16(start + 30),
      let commentLength = file.uint16(start + 32)
    else { throw damaged("its directory is cut off") }
    place = start + 46 + nameLength + extraLength + commentLength
    guard place <= end, let nameBytes = file.slice(start + 46, nameLength),
      let name = String(validating: nameBytes, as: UTF8.self)
    else { throw damaged("an entry of its directory has no sound name") }
    guard flags & 1 == 0 else { throw damaged("the entry \(name) is encrypted") }
    guard method == 0 else {
      throw Failure(
        .badData, "\(path): the entry \(name) is compressed, which PyTorch never does.",
        hint: "Save the file again with torch.save.")
    }
    let sizes = try sizes(of: name, record: start, extra: start + 46 + nameLength, extraLength: extraLength)
    guard sizes.compressed == sizes.plain else { throw damaged("the entry \(name) has two sizes") }
    return Entry(
      name: name, bytes: try bytes(of: name, header: sizes.header, count: sizes.plain),
      checksum: UInt32(truncatingIfNeeded: checksum))
  }

  private typealias Sizes = (plain: Int, compressed: Int, header: Int)

  /// Sizes and place of an entry; where 32 bits are too few they stand in the extra field of zip64.
  private func sizes(of name: String, record: Int, extra: Int, extraLength: Int) throws(Failure) -> Sizes {
    guard let compressed = file.uint32(record + 20), let plain = file.uint32(record + 24),
      let header = file.uint32(record + 42)
    else { throw damaged("the entry \(name) is cut off") }
    var values = [plain, compressed, header]
    guard values.contains(Int(UInt32.max)) else { return (plain, compressed, header) }
    guard var place = extraField(1, from: extra, length: extraLength) else {
      throw damaged("the entry \(name) has no sizes")
    }
    for index in values.indices where values[index] == Int(UInt32.max) {
      guard place + 8 <= extra + extraLength, let value = file.uint64(place) else {
        throw damaged("the entry \(name) has no sizes")
      }
      values[index] = value
      place += 8
    }
    return (values[0], values[1], values[2])
  }

  /// Where the content of an extra field of a kind begins.
  private func extraField(_ kind: Int, from start: Int, length: Int) -> Int? {
    var place = start
    while place + 4 <= start + length, let found = file.uint16(place), let size = file.uint16(place + 2) {
      if found == kind { return place + 4 }
      place += 4 + size
    }
    return nil
  }

  /// The bytes that follow an entry's own header.
  private func bytes(of name: String, header: Int, count: Int) throws(Failure) -> Range<Int> {
    guard file.uint32(header) == 0x0403_4B50, let nameLength = file.uint16(header + 26),
      let extraLength = file.uint16(header + 28)
    else { throw damaged("the entry \(name) has no header") }
    let start = header + 30 + nameLength + extraLength
    guard start <= file.count, count <= file.count - start else { throw damaged("the entry \(name) is cut off") }
    return start..<start + count
  }

  private func damaged(_ fault: String) -> Failure {
    Failure(.badData, "\(path) is no sound zip archive: \(fault).", hint: PyTorchFile.advice)
  }
}
