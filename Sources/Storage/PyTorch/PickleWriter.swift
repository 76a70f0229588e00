/// Writes pickles of protocol 2 from plain values and tensors, as `torch.load` with `weights_only=True` takes them.
///
/// Source: the opcodes of `pickletools` in Python's library.
struct PickleWriter {
  /// The pickle so far.
  private(set) var bytes: [UInt8] = [0x80, 2]

  /// Begins a dictionary, whose keys and values follow in turn up to ``endDictionary()``.
  mutating func beginDictionary() { code("}", "(") }

  /// Begins a dictionary that keeps the order of its keys, whatever the version of Python.
  mutating func beginOrderedDictionary() {
    emptyOrderedDictionary()
    code("(")
  }

  mutating func endDictionary() { code("u") }

  /// Ends the pickle.
  mutating func end() { code(".") }

  /// A plain value: objects become dictionaries, arrays lists.
  mutating func add(_ value: JSON) {
    switch value {
    case .null: code("N")
    case .boolean(let value): bytes.append(value ? 0x88 : 0x89)
    case .integer(let value): add(value)
    case .number(let value), .fixed(let value, _): add(value)
    case .text(let value): add(value)
    case .array(let values):
      code("]", "(")
      for value in values { add(value) }
      code("e")
    case .object(let fields):
      beginDictionary()
      for (key, value) in fields {
        add(key)
        add(value)
      }
      endDictionary()
    }
  }

  /// A text.
  mutating func add(_ text: String) {
    code("X")
    add(bits: UInt32(text.utf8.count))
    bytes += text.utf8
  }

  /// A tensor whose numbers lie, without gaps, in the storage of a key.
  mutating func add(_ tensor: TensorDescription, storage key: String) {
    global("torch._utils", "_rebuild_tensor_v2")
    code("(", "(")
    add("storage")
    global("torch", Self.storageNames[tensor.type] ?? "FloatStorage")
    add(key)
    add("cpu")
    add(tensor.count)
    code("t", "Q")
    add(0)
    addTuple(tensor.shape)
    addTuple(Self.strides(tensor.shape))
    bytes.append(0x89)  // no gradient
    emptyOrderedDictionary()  // no hooks
    code("t", "R")
  }

  /// The names of storages by the types of safetensors.
  private static let storageNames = Dictionary(
    uniqueKeysWithValues: PickleName.storages.map { ($1, String($0.dropFirst("torch.".count))) })

  private static func strides(_ shape: [Int]) -> [Int] {
    shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
  }

  private mutating func emptyOrderedDictionary() {
    global("collections", "OrderedDict")
    code(")", "R")
  }

  private mutating func add(_ value: Int) {
    if let small = Int32(exactly: value) {
      code("J")
      add(bits: UInt32(bitPattern: small))
    } else {
      bytes += [0x8A, 8]
      add(bits: UInt64(bitPattern: Int64(value)))
    }
  }

  private mutating func add(_ value: Double) {
    code("G")
    add(bits: value.bitPattern.byteSwapped)  // big-endian
  }

  private mutating func addTuple(_ values: [Int]) {
    code("(")
    for value in values { add(value) }
    code("t")
  }

  private mutating func global(_ module: String, _ member: String) { bytes += "c\(module)\n\(member)\n".utf8 }

  private mutating func code(_ codes: Unicode.Scalar...) { bytes += codes.map { UInt8(ascii: $0) } }

  private mutating func add(bits: some FixedWidthInteger) {
    withUnsafeBytes(of: bits.littleEndian) { bytes += $0 }
  }
}
