import Runtime

/// What a file says of one of its tensors.
package struct TensorDescription: Sendable, Equatable {
  /// The tensor's name.
  package let name: String
  /// The element type as safetensors spells it: "F32", "BF16", "I64", ...
  package let type: String
  /// The extents, outermost first.
  package let shape: [Int]

  /// Describes a tensor.
  package init(name: String, type: String, shape: [Int]) { (self.name, self.type, self.shape) = (name, type, shape) }

  /// The number of elements.
  package var count: Int { shape.reduce(1, *) }
}

/// A file of named tensors, of whatever format.
package protocol TensorFile: Sendable {
  /// The path that was opened.
  var path: String { get }
  /// The tensors, in the order of the file.
  var tensors: [TensorDescription] { get }
  /// What else the file says, by key; values that are no text are JSON.
  var metadata: [String: String] { get }

  /// The tensor of a name, or nil where the file has none.
  func tensor(named name: String) -> TensorDescription?

  /// The elements of a tensor in the order of its shape, little-endian.
  ///
  /// - Throws: `Failure` of kind `badData` where there is no such tensor, or it cannot be read.
  func contiguousBytes(of name: String) throws(Failure) -> [UInt8]
}

/// Files of tensors, whatever their format.
package enum TensorFiles {
  /// Opens a safetensors file, or what `torch.save` writes in either of its formats; the first bytes tell which.
  ///
  /// - Throws: `Failure` of kind `noInput`, `inputOutput` or `badData` that names the file.
  package static func open(_ path: String) throws(Failure) -> any TensorFile {
    let file = try File(path, .reading)
    let status = try file.status()
    guard status.isRegular else { throw Failure(.badData, "\(path) is not a file.") }
    let start = try file.bytes(0..<min(4, status.bytes))
    return PyTorchFile.isLikely(start) ? try PyTorchFile(path: path) : try SafetensorsReader(path: path)
  }
}

extension TensorFile {
  /// The values of a tensor of a floating type as fp32: fp16 and bf16 widen exactly, fp64 is rounded.
  ///
  /// - Throws: `Failure` of kind `badData` where there is no such tensor, or it has no floating type.
  package func floats(of name: String) throws(Failure) -> [Float] {
    let bytes = try contiguousBytes(of: name)
    guard let tensor = tensor(named: name), let type = FloatingType(rawValue: tensor.type) else {
      throw Failure(.badData, "\(path): tensor \(name) does not hold floating numbers.")
    }
    return type.floats(bytes)
  }

  /// Which tensors hold floating numbers of another width than fp32, in words; nil where none does.
  package var conversion: String? {
    let types = Set(tensors.map(\.type)).filter { FloatingType(rawValue: $0) != nil && $0 != "F32" }
    return types.isEmpty
      ? nil : "\(path) holds numbers of type \(types.sorted().joined(separator: ", ")), which are converted to fp32."
  }
}

extension SafetensorsReader: TensorFile {
  package var tensors: [TensorDescription] { entries.map(\.description) }

  package func tensor(named name: String) -> TensorDescription? { entry(named: name)?.description }

  package func contiguousBytes(of name: String) throws(Failure) -> [UInt8] {
    do {
      return try withBytes(of: name) { Array($0) }
    } catch {
      throw Failure(describing: error)
    }
  }
}

extension SafetensorsReader.Entry {
  fileprivate var description: TensorDescription { TensorDescription(name: name, type: type, shape: shape) }
}
