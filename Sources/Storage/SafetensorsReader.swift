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
  private let index: [ExactText: Int]

  /// Opens and checks a file by the rules of the reference library: the header is strict JSON without doubled names, and the
  /// tensors fill the data section without holes, overlaps or bytes that are left.
  ///
  /// - Throws: `Failure` of kind `noInput` (cannot be read) or `badData` (not a whole safetensors file).
  package init(path: String) throws(Failure) {
    let file = try MappedFile(path)
    let headerBytes = try Self.headerBytes(of: file.bytes, path: path)
    let header = try SafetensorsHeader(headerBytes, path: path)
    self.path = path
    self.file = file
    dataStart = 8 + headerBytes.count
    entries = header.entries.sorted {
      ($0.bytes.lowerBound, $0.bytes.upperBound, $0.name) < ($1.bytes.lowerBound, $1.bytes.upperBound, $1.name)
    }
    metadata = header.metadata
    index = Dictionary(uniqueKeysWithValues: entries.enumerated().map { (ExactText($1.name), $0) })
    try checkPlaces(available: file.bytes.count - dataStart)
  }

  /// The tensors lie back to back, up to the end of the file.
  private func checkPlaces(available: Int) throws(Failure) {
    var end = 0
    for entry in entries {
      guard entry.bytes.lowerBound == end else {
        let fault = entry.bytes.lowerBound < end ? "overlaps the tensor before it" : "follows a hole"
        throw Failure(
          .badData, "\(path) is no sound safetensors file: tensor \(entry.name) \(fault), at byte \(end) of the data.",
          hint: Self.advice)
      }
      end = entry.bytes.upperBound
    }
    guard end <= available else {
      throw Failure(
        .badData, "\(path) is truncated: its tensors end at byte \(end) of the data, which has \(available).",
        hint: Self.advice)
    }
    guard end == available else {
      throw Failure(
        .badData, "\(path) is no sound safetensors file: \(available - end) bytes follow its last tensor.",
        hint: Self.advice)
    }
  }

  /// The entry of a tensor, or nil where the file has none of that name.
  package func entry(named name: String) -> Entry? { index[ExactText(name)].map { entries[$0] } }

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

  /// What to do about a file that is not sound.
  static let advice: Advice = "Copy it again, or save it again with the safetensors library."

  /// The longest header that the reference library reads.
  private static let longestHeader = 100_000_000

  private static func headerBytes(of data: UnsafeRawBufferPointer, path: String) throws(Failure) -> [UInt8] {
    guard data.count >= 8 else {
      throw Failure(.badData, "\(path) is not a safetensors file: it has \(data.count) bytes.")
    }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(data.count - 8), length <= UInt64(longestHeader) else {
      throw Failure(.badData, "\(path) is truncated or not a safetensors file: its header should have \(length) bytes.")
    }
    return Array(data[8..<(8 + Int(length))])
  }
}
