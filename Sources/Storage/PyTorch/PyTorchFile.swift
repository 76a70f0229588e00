import Runtime

/// What `torch.save` writes: tensors and plain values, in a zip archive (PyTorch 1.6 and later) or in a row of pickles.
///
/// The weights are the dictionary of tensors under "model" or "state_dict", the whole file where it is one such dictionary, or
/// the first dictionary of tensors in it.
/// Files may come from anywhere: see ``PickleReader``.
///
/// Source: the notes on serialisation in PyTorch's manual, and files that it writes.
package final class PyTorchFile: TensorFile {
  package let path: String
  package let tensors: [TensorDescription]
  package let metadata: [String: String]

  private let file: MappedFile
  private let views: [TensorView]
  private let index: [ExactText: Int]

  /// Opens and checks a file: its pickle, the place of every tensor, and the checksums of what it reads.
  ///
  /// - Throws: `Failure` of kind `noInput` (cannot be read) or `badData` (damaged, hostile, or no weights).
  package init(path: String) throws(Failure) {
    self.path = path
    file = try MappedFile(path)
    let content =
      try Self.isArchive(file.bytes)
      ? PyTorchContent(archive: file.bytes, path: path) : PyTorchContent(pickles: file.bytes, path: path)
    let found = try content.tensors()
    tensors = found.map(\.description)
    views = found.map(\.view)
    index = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { (ExactText($1.name), $0) })
    metadata = content.metadata
  }

  package func tensor(named name: String) -> TensorDescription? { index[ExactText(name)].map { tensors[$0] } }

  package func contiguousBytes(of name: String) throws(Failure) -> [UInt8] {
    guard let place = index[ExactText(name)] else { throw Failure(.badData, "\(path) has no tensor \(name).") }
    defer { withExtendedLifetime(file) {} }
    return views[place].contiguousBytes(of: file.bytes)
  }

  /// Whether the first bytes of a file are those of an archive or a pickle.
  static func isLikely(_ start: [UInt8]) -> Bool { isArchive(start) || start.first == 0x80 }

  private static func isArchive(_ start: some Sequence<UInt8>) -> Bool { start.starts(with: [0x50, 0x4B, 0x03, 0x04]) }

  /// What to do about a file that is not sound.
  static let advice: Advice = "Copy it again, or save it again with torch.save."
}
