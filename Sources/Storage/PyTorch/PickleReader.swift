import Runtime

/// Reads a pickle without running anything: opcodes that build plain values and tensors are known, everything else is refused.
///
/// What a pickle names of Python's modules is never imported or called. A call (`REDUCE`) of a known name makes a node of the
/// graph; ``PickleName`` has these names. Every value and every memory is counted, so that a short file cannot ask for much.
///
/// Source: the opcodes of `pickletools` in Python's library, protocols 0 to 5; those are left out that `torch.save` never
/// writes.
struct PickleReader {
  /// What is wrong with a pickle.
  struct Fault: Error {
    let reason: String
    var hint: Advice = PyTorchFile.advice
  }

  /// The values that were read.
  var graph = PickleGraph()
  /// Where the next pickle begins.
  private(set) var offset: Int

  var stack: [PickleValue] = []
  var memo: [Int: PickleValue] = [:]

  private let bytes: UnsafeRawBufferPointer
  private let end: Int
  private var marks: [Int] = []  // heights of the stack

  // Values on the stack or in the memo: as many as the graph may have.
  private static let mostValues = 1 << 20

  /// Prepares to read pickles that follow each other.
  init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
    self.bytes = bytes
    self.offset = offset
    // A pickle of weights names tensors and has none of their numbers.
    end = min(bytes.count, offset + Self.longestPickle)
  }

  /// No pickle of weights is longer.
  static let longestPickle = 1 << 24

  /// Reads one pickle, up to its end.
  mutating func next() throws(Fault) -> PickleValue {
    (stack, memo, marks) = ([], [:], [])
    while true {
      let code = try byte()
      if code == UInt8(ascii: ".") { return try pop() }
      try perform(code)
      guard stack.count <= Self.mostValues, memo.count <= Self.mostValues else {
        throw Fault(reason: "its pickle has more values than weights need")
      }
    }
  }

  // MARK: Bytes

  mutating func byte() throws(Fault) -> UInt8 { try take(1)[0] }

  mutating func take(_ count: Int) throws(Fault) -> UnsafeRawBufferPointer {
    guard count >= 0, offset <= end, count <= end - offset else {
      throw Fault(
        reason: end == bytes.count ? "its pickle is cut off" : "its pickle is longer than \(Self.longestPickle) bytes")
    }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }

  /// A little-endian number of so many bytes without sign.
  mutating func count(_ width: Int) throws(Fault) -> Int {
    let number = try take(width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let count = Int(exactly: number) else { throw Fault(reason: "a length of its pickle is impossible") }
    return count
  }

  mutating func text(_ length: Int) throws(Fault) -> String {
    guard let text = String(validating: try take(length), as: UTF8.self) else {
      throw Fault(reason: "a text of its pickle is not UTF-8")
    }
    return text
  }

  /// A text up to the end of its line.
  mutating func line() throws(Fault) -> String {
    var length = 0
    while offset + length < end, bytes[offset + length] != 0x0A { length += 1 }
    let text = try text(length)
    _ = try byte()
    return text
  }

  // MARK: The stack

  mutating func pop() throws(Fault) -> PickleValue {
    // What lies below a mark belongs to it.
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
      throw Fault(reason: "its pickle takes a value that is not there")
    }
    return value
  }

  mutating func mark() { marks.append(stack.count) }

  mutating func popToMark() throws(Fault) -> [PickleValue] {
    guard let height = marks.popLast() else { throw Fault(reason: "its pickle takes a mark that is not there") }
    defer { stack.removeSubrange(height...) }
    return Array(stack[height...])
  }

  mutating func push(_ kind: PickleGraph.Kind, _ items: [PickleValue] = []) throws(Fault) {
    guard let value = graph.add(kind, items) else {
      throw Fault(reason: "its pickle has more values than weights need")
    }
    stack.append(value)
  }

  /// Adds values to the collection that lies on top of the stack.
  mutating func append(_ items: [PickleValue], to kinds: [PickleGraph.Kind]) throws(Fault) {
    guard case .node(let index) = stack.last, stack.count > marks.last ?? 0, kinds.contains(graph.nodes[index].kind),
      graph.nodes[index].kind != .dictionary || items.count % 2 == 0
    else { throw Fault(reason: "its pickle adds values to what is no collection") }
    graph.append(items, to: index)
  }
}
