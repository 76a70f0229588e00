import Foundation
import Runtime

/// A safetensors file, mapped into memory: named, shaped, contiguous little-endian arrays.
///
/// Source: the safetensors format, version 1 (8 bytes of header length, a JSON header, the data).
package final class SafetensorsReader: Sendable {
  /// One tensor of the file.
  package struct Entry: Sendable, Equatable {
    /// The tensor's name.
    package let name: String
    /// The element type as the format spells it: "F32", "U8", "I64", ...
    package let type: String
    /// The extents, outermost first.
    package let shape: [Int]
    /// The tensor's bytes within the data section.
    package let bytes: Range<Int>

    /// The number of elements.
    package var count: Int { shape.reduce(1, *) }
  }

  /// The path that was opened.
  package let path: String
  /// The tensors, ordered by their place in the file.
  package let entries: [Entry]
  /// The free-form `__metadata__` of the header.
  package let metadata: [String: String]

  private let file: MappedFile
  private let dataStart: Int
  private let index: [String: Int]

  /// Opens and checks a file: header, extents against byte ranges, ranges against the file's length.
  ///
  /// - Throws: `Failure` of kind `noInput` (cannot be read) or `badData` (not a whole safetensors file).
  package init(path: String) throws(Failure) {
    let file = try MappedFile(path)
    let header = try Self.headerBytes(of: file.bytes, path: path)
    guard let object = try? JSONSerialization.jsonObject(with: header) as? [String: Any] else {
      throw Failure(.badData, "\(path) is not a safetensors file: its header is not a JSON object.")
    }
    let dataStart = 8 + header.count
    var entries: [Entry] = []
    for (name, value) in object where name != "__metadata__" {
      entries.append(try Self.entry(name, value, available: file.bytes.count - dataStart, path: path))
    }
    entries.sort { ($0.bytes.lowerBound, $0.name) < ($1.bytes.lowerBound, $1.name) }
    self.path = path
    self.file = file
    self.dataStart = dataStart
    self.entries = entries
    self.metadata = object["__metadata__"] as? [String: String] ?? [:]
    self.index = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
  }

  /// The entry of a tensor, or nil where the file has none of that name.
  package func entry(named name: String) -> Entry? { index[name].map { entries[$0] } }

  /// Gives the raw bytes of a tensor to `body`.
  ///
  /// - Throws: `Failure` of kind `badData` if there is no such tensor; what `body` throws.
  package func withBytes<Result>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    guard let entry = entry(named: name) else { throw Failure(.badData, "\(path) has no tensor \(name).") }
    defer { withExtendedLifetime(file) {} }
    let range = (dataStart + entry.bytes.lowerBound)..<(dataStart + entry.bytes.upperBound)
    return try body(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
  }

  /// Reads a tensor of type F32.
  ///
  /// - Throws: `Failure` of kind `badData` if there is no such tensor or it is of another type.
  package func floats(_ name: String) throws -> [Float] {
    try values(name, type: "F32", as: Float.self)
  }

  /// Reads a tensor of type U8.
  ///
  /// - Throws: `Failure` of kind `badData` if there is no such tensor or it is of another type.
  package func bytes(_ name: String) throws -> [UInt8] {
    try values(name, type: "U8", as: UInt8.self)
  }

  /// Reads a tensor whose elements are stored as `Element`.
  ///
  /// - Throws: `Failure` of kind `badData` if there is no such tensor or it is of another type.
  package func values<Element: BitwiseCopyable>(_ name: String, type: String, as _: Element.Type) throws -> [Element] {
    if let entry = entry(named: name), entry.type != type {
      throw Failure(.badData, "\(path): tensor \(name) is of type \(entry.type), not \(type).")
    }
    return try withBytes(of: name) { source in
      [Element](unsafeUninitializedCapacity: source.count / MemoryLayout<Element>.size) { target, count in
        UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
        count = source.count / MemoryLayout<Element>.size
      }
    }
  }

  private static func headerBytes(of data: UnsafeRawBufferPointer, path: String) throws(Failure) -> Data {
    guard data.count >= 8 else {
      throw Failure(.badData, "\(path) is not a safetensors file: it has \(data.count) bytes.")
    }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(data.count - 8), length <= 100_000_000 else {
      throw Failure(.badData, "\(path) is truncated or not a safetensors file: its header should have \(length) bytes.")
    }
    return Data(data[8..<(8 + Int(length))])
  }

  private static func entry(_ name: String, _ value: Any, available: Int, path: String) throws(Failure) -> Entry {
    guard let fields = value as? [String: Any], let type = fields["dtype"] as? String,
      let shape = fields["shape"] as? [Int], let offsets = fields["data_offsets"] as? [Int],
      offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1], shape.allSatisfy({ $0 >= 0 })
    else { throw Failure(.badData, "\(path): the header entry of tensor \(name) is malformed.") }
    guard let size = SafetensorsWriter.elementSizes[type] else {
      throw Failure(.badData, "\(path): tensor \(name) has the unknown type \(type).")
    }
    let (elements, overflow) = shape.reduce((1, false)) { product, extent in
      let (value, flag) = product.0.multipliedReportingOverflow(by: extent)
      return (value, product.1 || flag)
    }
    guard !overflow, elements <= Int.max / 16, elements * size == offsets[1] - offsets[0] else {
      throw Failure(
        .badData, "\(path): tensor \(name) of shape \(shape) does not fit its \(offsets[1] - offsets[0]) bytes.")
    }
    guard offsets[1] <= available else {
      throw Failure(.badData, "\(path) is truncated: tensor \(name) ends at byte \(offsets[1]) of \(available).")
    }
    return Entry(name: name, type: type, shape: shape, bytes: offsets[0]..<offsets[1])
  }
}
