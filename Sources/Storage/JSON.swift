import Foundation

/// A JSON value whose fields have an order, for files and texts whose bytes are fixed.
///
/// Numbers that are not finite are null, for which JSON has no word. Types that are `Encodable` go through
/// ``encode(_:_:keys:)``.
package indirect enum JSON: Sendable {
  case null
  case boolean(Bool)
  case integer(Int)
  /// A number in the shortest form that reads back the same.
  case number(Double)
  /// A number with a fixed number of digits after the point.
  case fixed(Double, digits: Int)
  case text(String)
  case array([JSON])
  case object([(String, JSON)])

  /// The text without any space.
  package var text: String { text(comma: ",", colon: ":") }

  /// The text with a space after each comma and colon, as Python writes it.
  package var spacedText: String { text(comma: ", ", colon: ": ") }

  /// The text as a page that people read: a line a field or element, indented by two spaces, with a line break at the end.
  package static func page(_ value: JSON) -> [UInt8] { Array((value.page(indent: "") + "\n").utf8) }

  private func page(indent: String) -> String {
    func lines(_ items: [String], _ open: String, _ close: String) -> String {
      items.isEmpty ? open + close : "\(open)\n" + items.joined(separator: ",\n") + "\n\(indent)\(close)"
    }
    let inner = indent + "  "
    switch self {
    case .array(let values): return lines(values.map { inner + $0.page(indent: inner) }, "[", "]")
    case .object(let fields):
      return lines(fields.map { "\(inner)\(Self.quoted($0)): " + $1.page(indent: inner) }, "{", "}")
    default: return text
    }
  }

  private func text(comma: String, colon: String) -> String {
    switch self {
    case .null: return "null"
    case .boolean(let value): return value ? "true" : "false"
    case .integer(let value): return "\(value)"
    case .number(let value): return value.isFinite ? "\(value)" : "null"
    case .fixed(let value, let digits): return value.isFinite ? String(format: "%.\(digits)f", value) : "null"
    case .text(let value): return Self.quoted(value)
    case .array(let values):
      return "[" + values.map { $0.text(comma: comma, colon: colon) }.joined(separator: comma) + "]"
    case .object(let fields):
      let texts = fields.map { Self.quoted($0) + colon + $1.text(comma: comma, colon: colon) }
      return "{" + texts.joined(separator: comma) + "}"
    }
  }

  private static func quoted(_ text: String) -> String { String(decoding: encode(text), as: UTF8.self) }
}

// MARK: Encodable types

extension JSON {
  /// How the text of an `Encodable` value is laid out.
  package enum Layout: Sendable {
    /// On one line.
    case line
    /// A line a field, with a line break at the end: files that people read.
    case page
  }

  /// How the names of properties become keys.
  package enum Keys: Sendable {
    /// As they are.
    case unchanged
    /// `pairsPerSecond` becomes `pairs_per_second`.
    case snakeCase
  }

  /// The text of a value: keys sorted, slashes as they are, null for numbers that are not finite. It depends on the value only.
  package static func encode(_ value: some Encodable, _ layout: Layout = .line, keys: Keys = .unchanged) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if layout == .page { encoder.outputFormatting.insert(.prettyPrinted) }
    if keys == .snakeCase { encoder.keyEncodingStrategy = .convertToSnakeCase }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: notFinite, negativeInfinity: notFinite, nan: notFinite)
    guard let data = try? encoder.encode(value) else { preconditionFailure("\(type(of: value)) has no JSON text") }
    let text = String(decoding: data, as: UTF8.self)
    // The encoder knows texts for such numbers, but no null.
    let sound = text.contains(notFinite) ? text.replacing("\"\(notFinite)\"", with: "null") : text
    return Array(sound.utf8) + (layout == .page ? [UInt8(ascii: "\n")] : [])
  }

  /// A text that stands for such a number: a character that Unicode keeps for private use.
  private static let notFinite = "\u{10FFFD}"
}
