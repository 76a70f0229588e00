import Runtime

/// The header of a safetensors file, read as the reference library reads it: what is not exactly as the format says is
/// refused, since files may come from anywhere.
///
/// Source: the safetensors format, version 1, and the checks of its reference library in Rust.
struct SafetensorsHeader {
  /// The tensors in the order of the header. Shapes fit byte ranges; whether these fit the file is not looked at here.
  private(set) var entries: [SafetensorsReader.Entry] = []
  /// The free-form `__metadata__`.
  private(set) var metadata: [String: String] = [:]

  private let path: String

  /// - Throws: `Failure` of kind `badData` that names the file and the tensor.
  init(_ bytes: [UInt8], path: String) throws(Failure) {
    self.path = path
    guard bytes.first == UInt8(ascii: "{") else {
      throw Failure(.badData, "\(path) is not a safetensors file: its header does not start with a brace.")
    }
    let fields: [(key: String, value: ParsedJSON)]
    do {
      guard case .object(let object) = try ParsedJSON(bytes) else { preconditionFailure("a brace starts an object") }
      fields = object
    } catch {
      throw Failure(
        .badData, "\(path) is not a safetensors file: its header is not JSON (\(error)).",
        hint: SafetensorsReader.advice)
    }
    try checkDistinct(fields, of: "the header")
    for (name, value) in fields {
      if name == "__metadata__" {
        metadata = try metadata(value)
      } else {
        entries.append(try entry(name, value))
      }
    }
  }

  private func checkDistinct(_ fields: [(key: String, value: ParsedJSON)], of what: String) throws(Failure) {
    var seen: Set<ExactText> = []
    for (key, _) in fields where !seen.insert(ExactText(key)).inserted {
      throw malformed("\(what) names \(key) twice")
    }
  }

  private func metadata(_ value: ParsedJSON) throws(Failure) -> [String: String] {
    if case .null = value { return [:] }
    guard case .object(let fields) = value else { throw malformed("__metadata__ is no object") }
    try checkDistinct(fields, of: "__metadata__")
    var result: [String: String] = [:]
    for (key, value) in fields {
      guard case .text(let text) = value else { throw malformed("__metadata__ has a value for \(key) that is no text") }
      result[key] = text
    }
    return result
  }

  private func entry(_ name: String, _ value: ParsedJSON) throws(Failure) -> SafetensorsReader.Entry {
    guard case .object(let fields) = value else { throw malformed("tensor \(name) is described by no object") }
    try checkDistinct(fields, of: "tensor \(name)")
    func field(_ key: String) -> ParsedJSON? { fields.first { $0.key == key }?.value }
    guard case .text(let type) = field("dtype") else { throw malformed("tensor \(name) has no type") }
    guard let size = SafetensorsWriter.elementSizes[type] else {
      throw Failure(.badData, "\(path): tensor \(name) has the type \(type), which croco does not know.")
    }
    guard let shape = field("shape")?.counts else {
      throw malformed("the shape of tensor \(name) is no list of whole numbers from 0 on")
    }
    guard let offsets = field("data_offsets")?.counts, offsets.count == 2, offsets[0] <= offsets[1] else {
      throw malformed("the offsets of tensor \(name) are no two ascending whole numbers from 0 on")
    }
    var bytes = 1
    for extent in shape + [size] {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw malformed("tensor \(name) of shape \(shape) is too large") }
      bytes = product
    }
    guard bytes == offsets[1] - offsets[0] else {
      throw malformed("tensor \(name) of shape \(shape) and type \(type) does not fit \(offsets[1] - offsets[0]) bytes")
    }
    return .init(name: name, type: type, shape: shape, bytes: offsets[0]..<offsets[1])
  }

  private func malformed(_ fault: String) -> Failure {
    Failure(.badData, "\(path) is no sound safetensors file: \(fault).", hint: SafetensorsReader.advice)
  }
}

extension ParsedJSON {
  /// The elements of an array of whole numbers from 0 on; nil for anything else, such as 2.0, -1 or true.
  fileprivate var counts: [Int]? {
    guard case .array(let values) = self else { return nil }
    var counts: [Int] = []
    for value in values {
      guard case .number(let text) = value, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(text)
      else { return nil }
      counts.append(count)
    }
    return counts
  }
}
