import Runtime

/// What each opcode does.
extension PickleReader {
  mutating func perform(_ code: UInt8) throws(Fault) {
    switch Unicode.Scalar(code) {
    case "\u{80}": try checkProtocol()
    case "\u{95}": _ = try take(8)  // FRAME: a hint for readers of streams
    case "(": try push(mark: ())
    case "0": _ = try pop()
    case "1": _ = try popToMark()
    case "2":
      let top = try pop()
      stack += [top, top]
    case "N", "\u{88}", "\u{89}", "J", "K", "M", "\u{8a}", "\u{8b}", "G", "I", "L", "F": try pushNumber(code)
    case "X", "\u{8c}", "\u{8d}", "U", "T": try pushText(code)
    case "]", "}", ")", "\u{8f}", "l", "d", "t", "\u{85}", "\u{86}", "\u{87}": try pushCollection(code)
    case "a", "e", "s", "u", "\u{90}": try fillCollection(code)
    case "q", "r", "p", "\u{94}", "h", "j", "g": try useMemo(code)
    case "c": stack.append(.global(try name(module: line(), line())))
    case "\u{93}":
      guard case .text(let member) = try pop(), case .text(let module) = try pop() else {
        throw Fault(reason: "its pickle names something by no text")
      }
      stack.append(.global(try name(module: module, member)))
    case "Q": try pushStorage()
    case "R", "\u{81}": try build()
    case "b": try setState()
    default: throw Fault(reason: "its pickle has the opcode \(code), which weights do not need")
    }
  }

  private mutating func push(mark: Void) throws(Fault) { self.mark() }

  private mutating func checkProtocol() throws(Fault) {
    let version = try byte()
    guard version <= 5 else { throw Fault(reason: "its pickle has protocol \(version), which does not exist") }
  }

  private mutating func pushNumber(_ code: UInt8) throws(Fault) {
    let value: PickleValue
    switch Unicode.Scalar(code) {
    case "N": value = .none
    case "\u{88}": value = .boolean(true)
    case "\u{89}": value = .boolean(false)
    case "J": value = .integer(Int(Int32(truncatingIfNeeded: try count(4))))
    case "K": value = .integer(try count(1))
    case "M": value = .integer(try count(2))
    case "\u{8a}": value = Self.integer(Array(try take(try count(1))))
    case "\u{8b}": value = Self.integer(Array(try take(try count(4))))
    case "G":
      value = .number(Double(bitPattern: try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }))
    case "F": value = try Self.number(line()) { Double($0).map(PickleValue.number) }
    default: value = try Self.number(line(), Self.integer(text:))
    }
    stack.append(value)
  }

  private static func number(_ text: String, _ parse: (String) -> PickleValue?) throws(Fault) -> PickleValue {
    guard let value = parse(text) else { throw Fault(reason: "a number of its pickle is none") }
    return value
  }

  /// A number in decimal digits; protocol 0 writes truth values as "00" and "01".
  private static func integer(text: String) -> PickleValue? {
    if text == "00" || text == "01" { return .boolean(text == "01") }
    return Int(text.hasSuffix("L") ? String(text.dropLast()) : text).map(PickleValue.integer)
  }

  /// A little-endian number in two's complement.
  private static func integer(_ bytes: [UInt8]) -> PickleValue {
    guard bytes.count <= 8 else { return .wideInteger(bytes) }
    let bits = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let unused = UInt64(64 - 8 * bytes.count)
    return .integer(bytes.isEmpty ? 0 : Int(Int64(bitPattern: bits << unused) >> Int64(unused)))
  }

  private mutating func pushText(_ code: UInt8) throws(Fault) {
    let length =
      switch Unicode.Scalar(code) {
      case "\u{8c}", "U": try count(1)
      case "\u{8d}": try count(8)
      default: try count(4)
      }
    stack.append(.text(try text(length)))
  }

  private mutating func pushCollection(_ code: UInt8) throws(Fault) {
    switch Unicode.Scalar(code) {
    case "]": try push(.list)
    case "}": try push(.dictionary)
    case ")": try push(.tuple)
    case "\u{8f}": try push(.set)
    case "l": try push(.list, popToMark())
    case "t": try push(.tuple, popToMark())
    case "d":
      let items = try popToMark()
      try push(.dictionary)
      try append(items, to: [.dictionary])
    default:
      var items: [PickleValue] = []
      for _ in 0...Int(code - 0x85) { items.insert(try pop(), at: 0) }
      try push(.tuple, items)
    }
  }

  private mutating func fillCollection(_ code: UInt8) throws(Fault) {
    switch Unicode.Scalar(code) {
    case "a": try append([pop()], to: [.list])
    case "e": try append(popToMark(), to: [.list])
    case "\u{90}": try append(popToMark(), to: [.set])
    case "s":
      let value = try pop()
      try append([pop(), value], to: [.dictionary])
    default: try append(popToMark(), to: [.dictionary])
    }
  }

  private mutating func useMemo(_ code: UInt8) throws(Fault) {
    let key: Int
    switch Unicode.Scalar(code) {
    case "q", "h": key = try count(1)
    case "r", "j": key = try count(4)
    case "\u{94}": key = memo.count
    default:
      guard let number = Int(try line()) else { throw Fault(reason: "a number of its pickle is none") }
      key = number
    }
    if ["h", "j", "g"].contains(Unicode.Scalar(code)) {
      guard let value = memo[key] else { throw Fault(reason: "its pickle recalls a value that is not there") }
      stack.append(value)
    } else {
      let value = try pop()
      memo[key] = value
      stack.append(value)
    }
  }
}
