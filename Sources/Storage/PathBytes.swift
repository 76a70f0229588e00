/// Paths are bytes, and those of old archives are no UTF-8, which a `String` must be. Such a byte b stands in a path as the
/// private character U+10FE00 + b, as Python has it with its "surrogateescape"; all system calls are given the bytes again.
private enum EscapedByte {
  static let base: UInt32 = 0x10FE00
  /// The first byte of every such character in UTF-8.
  static let lead: UInt8 = 0xF4

  static func character(_ byte: UInt8) -> Unicode.Scalar { Unicode.Scalar(base + UInt32(byte))! }

  /// The byte that a character stands for; nil: it stands for itself.
  static func byte(_ character: Unicode.Scalar) -> UInt8? {
    (base + 0x80...base + 0xFF).contains(character.value) ? UInt8(character.value - base) : nil
  }
}

extension String {
  /// The path, name or text of names that has these bytes, UTF-8 or not: ``pathBytes`` gives them back.
  package init(pathBytes bytes: some BidirectionalCollection<UInt8>) {
    if let text = String(validating: bytes, as: UTF8.self), !text.holdsEscapedBytes {
      self = text
      return
    }
    var text = String.UnicodeScalarView()
    var rest = bytes[...]
    var input = bytes.makeIterator()
    var parser = UTF8.ForwardParser()
    while true {
      switch parser.parseScalar(from: &input) {
      case .emptyInput:
        self = String(text)
        return
      case .valid(let encoded):
        let scalar = UTF8.decode(encoded)
        let part = rest.prefix(encoded.count)
        if EscapedByte.byte(scalar) == nil {
          text.append(scalar)
        } else {
          text += part.map(EscapedByte.character)
        }
        rest = rest.dropFirst(encoded.count)
      case .error(let length):
        text += rest.prefix(length).map(EscapedByte.character)
        rest = rest.dropFirst(length)
      }
    }
  }

  /// The bytes of a path.
  package var pathBytes: [UInt8] {
    guard holdsEscapedBytes else { return Array(utf8) }
    return unicodeScalars.flatMap { scalar in EscapedByte.byte(scalar).map { [$0] } ?? Array(String(scalar).utf8) }
  }

  /// A path as C functions take it, with a zero at the end.
  var systemPath: [CChar] { pathBytes.map { CChar(bitPattern: $0) } + [0] }

  /// The text for people and files of text: bytes of paths that are no UTF-8 as `\xE9`.
  package var withBytesSpelled: String {
    guard holdsEscapedBytes else { return self }
    let digits = Array("0123456789ABCDEF")
    return unicodeScalars.reduce(into: "") { text, scalar in
      if let byte = EscapedByte.byte(scalar) {
        text += "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }

  private var holdsEscapedBytes: Bool {
    utf8.contains(EscapedByte.lead) && unicodeScalars.contains { EscapedByte.byte($0) != nil }
  }
}
