import Runtime

/// The values of a file of `torch.save`, and where the numbers of its tensors lie.
struct PyTorchContent {
  /// A tensor with its place.
  typealias Tensor = (description: TensorDescription, view: TensorView)

  let path: String
  let graph: PickleGraph
  let root: PickleValue
  /// The bytes of each storage in the file, by its key.
  let storages: [ExactText: Range<Int>]

  static func next(_ reader: inout PickleReader, _ path: String) throws(Failure) -> PickleValue {
    do throws(PickleReader.Fault) {
      return try reader.next()
    } catch {
      throw Failure(.badData, "\(path) cannot be read: \(error.reason).", hint: error.hint)
    }
  }

  static func foreignOrder(_ path: String) -> Failure {
    Failure(
      .badData, "\(path) has its numbers in the byte order of another kind of machine.",
      hint: "Save it again on a little-endian machine.")
  }

  // MARK: Tensors

  /// Where the weights are: under a usual key, else the file itself, else under the first key that has tensors.
  private var weights: [(key: String, value: PickleValue)] {
    let fields = graph.fields(root) ?? []
    let usual = ["model", "state_dict"].compactMap { key in fields.first { $0.key == key }?.value }
    return (usual + [root] + fields.map(\.value)).lazy.compactMap { graph.fields($0) }
      .first { $0.contains { graph.items($0.value, .tensor) != nil } } ?? []
  }

  /// The weights' tensors by name, in the order of the file.
  ///
  /// - Throws: `Failure` of kind `badData` that names the file and the tensor.
  func tensors() throws(Failure) -> [Tensor] {
    var tensors: [Tensor] = []
    for (name, value) in weights {
      guard let parts = graph.items(value, .tensor) else { continue }
      tensors.append(try tensor(name, parts))
    }
    guard !tensors.isEmpty else {
      throw Failure(
        .badData, "\(path) holds no dictionary of tensors, neither itself nor under a key such as \"model\".",
        hint: "Save it again: torch.save({\"model\": model.state_dict()}, path).")
    }
    return tensors
  }

  private func tensor(_ name: String, _ parts: [PickleValue]) throws(Failure) -> Tensor {
    guard let storage = graph.items(parts[0], .storage), case .global(let kind) = storage[1],
      let type = PickleName.storages[kind], let size = SafetensorsWriter.elementSizes[type],
      case .text(let key) = storage[2], case .integer(let count) = storage[4], case .integer(let offset) = parts[1],
      offset >= 0, let shape = graph.counts(parts[2]), let strides = graph.counts(parts[3])
    else {
      throw Failure(.badData, "\(path): tensor \(name) is not described as PyTorch does.", hint: PyTorchFile.advice)
    }
    guard let place = storages[ExactText(key)], count >= 0, count <= place.count / size else {
      throw Failure(
        .badData, "\(path) is cut off: the numbers of tensor \(name) are missing.", hint: PyTorchFile.advice)
    }
    let view = TensorView(
      elementSize: size, shape: shape, strides: strides, offset: offset,
      storage: place.lowerBound..<place.lowerBound + count * size)
    guard let view else {
      throw Failure(
        .badData, "\(path): tensor \(name) of shape \(shape) reaches beyond its storage of \(count) elements.",
        hint: PyTorchFile.advice)
    }
    return (TensorDescription(name: name, type: type, shape: shape), view)
  }
}
