import Runtime

extension PyTorchContent {
  /// Reads an archive: its pickle, and the checksums of pickle and storages.
  ///
  /// - Throws: `Failure` of kind `badData` that names the file.
  init(archive bytes: UnsafeRawBufferPointer, path: String) throws(Failure) {
    let archive = try ZipArchive(bytes, path: path)
    guard let pickle = archive.entries.first(where: { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }) else {
      throw Failure(
        .badData, "\(path) is a zip archive without data.pkl, and so no file of torch.save.", hint: PyTorchFile.advice)
    }
    let folder = pickle.name.dropLast("data.pkl".count)
    var storages: [ExactText: Range<Int>] = [:]
    for entry in archive.entries where entry.name.hasPrefix(folder) {
      try Self.check(entry, bytes, path)
      let name = entry.name.dropFirst(folder.count)
      if name == "byteorder", !bytes[entry.bytes].elementsEqual("little".utf8) { throw Self.foreignOrder(path) }
      if name.hasPrefix("data/") { storages[ExactText(name.dropFirst(5))] = entry.bytes }
    }
    var reader = PickleReader(UnsafeRawBufferPointer(rebasing: bytes[pickle.bytes]))
    let root = try Self.next(&reader, path)
    self.init(path: path, graph: reader.graph, root: root, storages: storages)
  }

  private static func check(
    _ entry: ZipArchive.Entry, _ bytes: UnsafeRawBufferPointer, _ path: String
  ) throws(Failure) {
    let actual = CRC32.checksum(UnsafeRawBufferPointer(rebasing: bytes[entry.bytes]))
    guard actual == entry.checksum else {
      throw Failure(
        .badData, "\(path) is damaged: the checksum (CRC-32) of its entry \(entry.name) does not match.",
        hint: PyTorchFile.advice)
    }
  }
}
