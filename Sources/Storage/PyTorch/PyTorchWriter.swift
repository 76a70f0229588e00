import Runtime

/// Writes a dictionary of tensors, and plain values beside it, as `torch.save` of PyTorch 1.6 and later does.
///
/// `torch.load(path, weights_only=True)` gives `{"model": OrderedDict of tensors, ...}`. The bytes depend on the content only.
package enum PyTorchWriter {
  /// Creates the file at `path`. It is not flushed: see ``Publication``.
  ///
  /// - Parameter values: stand beside "model", in this order.
  /// - Throws: `Failure` of kind `inputOutput` that names the path, or `usage` where the format is too small for the tensors.
  package static func write(
    _ tensors: [StoredTensor], beside values: [(String, JSON)] = [], to path: String
  ) throws(Failure) {
    var archive = try ZipWriter(path)
    try archive.add("archive/data.pkl", pickle(tensors, values))
    try archive.add("archive/byteorder", Array("little".utf8))
    for (index, tensor) in tensors.enumerated() { try archive.add("archive/data/\(index)", tensor.bytes) }
    try archive.add("archive/version", Array("3\n".utf8))
    try archive.finish()
  }

  private static func pickle(_ tensors: [StoredTensor], _ values: [(String, JSON)]) -> [UInt8] {
    var pickle = PickleWriter()
    pickle.beginDictionary()
    pickle.add("model")
    pickle.beginOrderedDictionary()
    for (index, tensor) in tensors.enumerated() {
      pickle.add(tensor.description.name)
      pickle.add(tensor.description, storage: "\(index)")
    }
    pickle.endDictionary()
    for (key, value) in values {
      pickle.add(key)
      pickle.add(value)
    }
    pickle.endDictionary()
    pickle.end()
    return pickle.bytes
  }
}
