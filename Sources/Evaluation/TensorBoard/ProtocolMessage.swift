/// A message of protocol buffers as it is written, field after field.
///
/// Source: the wire format of protocol buffers, whose fields are numbered: no schema is needed to write them.
struct ProtocolMessage {
  private(set) var bytes: [UInt8] = []

  /// How the bytes of a field are told apart.
  private enum WireType: UInt64 {
    case varint = 0
    case eightBytes = 1
    case lengthDelimited = 2
    case fourBytes = 5
  }

  /// Adds a whole number from 0 on.
  mutating func add(_ field: Int, _ value: Int) {
    precondition(value >= 0, "field \(field) holds numbers from 0 on, not \(value)")
    begin(field, .varint)
    append(varint: UInt64(value))
  }

  /// Adds a number of 64 bits.
  mutating func add(_ field: Int, _ value: Double) {
    begin(field, .eightBytes)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  /// Adds a number of 32 bits.
  mutating func add(_ field: Int, _ value: Float) {
    begin(field, .fourBytes)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  /// Adds a text.
  mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

  /// Adds bytes.
  mutating func add(_ field: Int, _ content: [UInt8]) {
    begin(field, .lengthDelimited)
    append(varint: UInt64(content.count))
    bytes += content
  }

  /// Adds a message.
  mutating func add(_ field: Int, _ fill: (inout ProtocolMessage) -> Void) {
    var message = ProtocolMessage()
    fill(&message)
    add(field, message.bytes)
  }

  private mutating func begin(_ field: Int, _ type: WireType) { append(varint: UInt64(field) << 3 | type.rawValue) }

  private mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
