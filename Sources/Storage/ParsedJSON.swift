/// JSON as it stands in a text: fields in their order and even where their names are doubled, numbers as they are written.
///
/// Source: RFC 8259. Nothing else is taken, where Foundation is more generous: no other encoding than UTF-8, no half
/// surrogates, no depth above 128.
indirect enum ParsedJSON {
  case null
  case boolean(Bool)
  /// A number as it is written.
  case number(String)
  case text(String)
  case array([ParsedJSON])
  case object([(key: String, value: ParsedJSON)])

  /// What is wrong with a text.
  struct Fault: Error, CustomStringConvertible {
    let reason: String
    let offset: Int

    var description: String { "\(reason) at byte \(offset)" }
  }

  /// Parses a whole text.
  init(_ bytes: [UInt8]) throws(Fault) {
    guard String(validating: bytes, as: UTF8.self) != nil else { throw Fault(reason: "it is not UTF-8", offset: 0) }
    var parser = Parser(bytes: bytes)
    self = try parser.value(depth: 0)
    parser.skipBlanks()
    guard parser.offset == bytes.count else { throw parser.fault("something follows the value") }
  }

  private struct Parser {
    let bytes: [UInt8]
    var offset = 0

    private static let deepest = 128

    init(bytes: [UInt8]) { self.bytes = bytes }

    func fault(_ reason: String) -> Fault { Fault(reason: reason, offset: offset) }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    mutating func skipBlanks() {
      while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { offset += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard next == UInt8(ascii: character) else { return false }
      offset += 1
      return true
    }

    private mutating func take(word: StaticString) -> Bool {
      guard bytes[offset...].starts(with: word.withUTF8Buffer { Array($0) }) else { return false }
      offset += word.utf8CodeUnitCount
      return true
    }

    mutating func value(depth: Int) throws(Fault) -> ParsedJSON {
      guard depth < Self.deepest else { throw fault("too many brackets are open") }
      skipBlanks()
      if take("{") { return .object(try fields(depth: depth)) }
      if take("[") { return .array(try elements(depth: depth)) }
      if next == UInt8(ascii: "\"") { return .text(try text()) }
      if take(word: "null") { return .null }
      if take(word: "true") { return .boolean(true) }
      if take(word: "false") { return .boolean(false) }
      return .number(try number())
    }

    private mutating func fields(depth: Int) throws(Fault) -> [(key: String, value: ParsedJSON)] {
      var fields: [(key: String, value: ParsedJSON)] = []
      skipBlanks()
      if take("}") { return fields }
      repeat {
        skipBlanks()
        let key = try text()
        skipBlanks()
        guard take(":") else { throw fault("a colon is missing") }
        fields.append((key, try value(depth: depth + 1)))
        skipBlanks()
      } while take(",")
      guard take("}") else { throw fault("a comma or a brace is missing") }
      return fields
    }

    private mutating func elements(depth: Int) throws(Fault) -> [ParsedJSON] {
      var elements: [ParsedJSON] = []
      skipBlanks()
      if take("]") { return elements }
      repeat {
        elements.append(try value(depth: depth + 1))
        skipBlanks()
      } while take(",")
      guard take("]") else { throw fault("a comma or a bracket is missing") }
      return elements
    }

    private mutating func number() throws(Fault) -> String {
      let start = offset
      _ = take("-")
      if !take("0") { try digits() }
      if take(".") { try digits() }
      if take("e") || take("E") {
        if !take("+") { _ = take("-") }
        try digits()
      }
      return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func digits() throws(Fault) {
      let start = offset
      while let byte = next, (0x30...0x39).contains(byte) { offset += 1 }
      guard offset > start else { throw fault("a value or a digit is missing") }
    }

    private mutating func text() throws(Fault) -> String {
      guard take("\"") else { throw fault("a quotation mark is missing") }
      var text: [UInt8] = []
      while let byte = next, byte != UInt8(ascii: "\"") {
        guard byte >= 0x20 else { throw fault("a text has a control character") }
        offset += 1
        if byte == UInt8(ascii: "\\") {
          text += String(Character(try escape())).utf8
        } else {
          text.append(byte)
        }
      }
      guard take("\"") else { throw fault("a text has no end") }
      return String(decoding: text, as: UTF8.self)
    }

    /// What follows a backslash.
    private mutating func escape() throws(Fault) -> Unicode.Scalar {
      guard let byte = next else { throw fault("a text has no end") }
      offset += 1
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
      case UInt8(ascii: "b"): return "\u{8}"
      case UInt8(ascii: "f"): return "\u{C}"
      case UInt8(ascii: "n"): return "\n"
      case UInt8(ascii: "r"): return "\r"
      case UInt8(ascii: "t"): return "\t"
      case UInt8(ascii: "u"):
        var value = try codeUnit()
        if (0xD800...0xDBFF).contains(value), take("\\"), take("u") {
          let low = try codeUnit()
          guard (0xDC00...0xDFFF).contains(low) else { throw fault("a surrogate stands alone") }
          value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else { throw fault("a surrogate stands alone") }
        return scalar
      default: throw fault("an unknown character is escaped")
      }
    }

    /// Four hexadecimal digits.
    private mutating func codeUnit() throws(Fault) -> UInt32 {
      let digits = bytes[offset..<min(bytes.count, offset + 4)]
      guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
        let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
      else { throw fault("four hexadecimal digits are missing") }
      offset += 4
      return value
    }
  }
}
