import Foundation
import Runtime

/// Writes safetensors files whose bytes depend on their content only: tensors in the order of the calls, sorted metadata.
///
/// Source: the safetensors format, version 1.
package struct SafetensorsWriter {
  /// Bytes of an element by the format's type name.
  package static let elementSizes = [
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8, "C64": 8,
  ]

  private struct Tensor {
    let name: String
    let type: String
    let shape: [Int]
    let bytes: UnsafeRawBufferPointer
    let owner: AnyObject?
  }

  private final class Owner {
    let storage: UnsafeMutableRawBufferPointer
    init(_ source: UnsafeRawBufferPointer) {
      storage = .allocate(byteCount: max(1, source.count), alignment: 64)
      storage.copyMemory(from: source)
    }
    deinit { storage.deallocate() }
  }

  private var tensors: [Tensor] = []
  private let metadata: [String: String]

  /// Creates an empty file with the given `__metadata__`.
  package init(metadata: [String: String] = [:]) { self.metadata = metadata }

  /// Adds a tensor whose memory stays valid and unchanged until ``write(to:)`` returns.
  package mutating func addUnowned(_ name: String, type: String, shape: [Int], bytes: UnsafeRawBufferPointer) {
    let expected = shape.reduce(Self.elementSizes[type] ?? 0, *)
    precondition(
      expected == bytes.count,
      "tensor \(name) of shape \(shape) and type \(type) needs \(expected) bytes, got \(bytes.count)")
    tensors.append(Tensor(name: name, type: type, shape: shape, bytes: bytes, owner: nil))
  }

  /// Adds a copy of a tensor's values.
  package mutating func add<Element: BitwiseCopyable>(_ name: String, type: String, shape: [Int], values: [Element]) {
    values.withUnsafeBytes { source in
      let owner = Owner(source)
      let expected = shape.reduce(Self.elementSizes[type] ?? 0, *)
      precondition(
        expected == source.count,
        "tensor \(name) of shape \(shape) and type \(type) needs \(expected) bytes, got \(source.count)")
      tensors.append(
        Tensor(
          name: name, type: type, shape: shape,
          bytes: UnsafeRawBufferPointer(start: owner.storage.baseAddress, count: source.count), owner: owner))
    }
  }

  /// Adds a copy of an fp32 tensor.
  package mutating func add(_ name: String, shape: [Int], _ values: [Float]) {
    add(name, type: "F32", shape: shape, values: values)
  }

  /// Creates the file at `path` and writes everything. The file is not flushed: see ``Publication``.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the path (disk full, read-only, ...).
  package func write(to path: String) throws(Failure) {
    let file = try File(path, .writing)
    try file.write(headerBytes())
    for tensor in tensors { try file.write(tensor.bytes) }
    // Network file systems report a full disk at close.
    try file.close()
  }

  private func headerBytes() -> [UInt8] {
    Self.header(tensors.map { ($0.name, $0.type, $0.shape) }, metadata: metadata)
  }

  /// What stands before the values of tensors, which follow each other without gaps: for files that are filled bit by bit.
  package static func header(
    _ tensors: [(name: String, type: String, shape: [Int])], metadata: [String: String]
  ) -> [UInt8] {
    var fields: [(String, JSON)] = []
    if !metadata.isEmpty {
      fields.append(("__metadata__", .object(metadata.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })))
    }
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.shape.reduce(elementSizes[tensor.type] ?? 0, *)
      fields.append(
        (
          tensor.name,
          .object([
            ("dtype", .text(tensor.type)), ("shape", .array(tensor.shape.map { .integer($0) })),
            ("data_offsets", .array([.integer(offset), .integer(end)])),
          ])
        ))
      offset = end
    }
    var json = Array(JSON.object(fields).text.utf8)
    // Spaces pad the header so that the data starts at a multiple of 64 bytes.
    json += [UInt8](repeating: 0x20, count: (64 - (8 + json.count) % 64) % 64)
    let length = UInt64(json.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + json
  }
}
