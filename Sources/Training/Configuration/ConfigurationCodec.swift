internal import Yams

/// How values of one kind are read from a YAML node and written back, and what is said of a node that does not fit.
struct ConfigurationCodec<Value>: Sendable {
  /// What is expected, to stand after "expected": "an integer of at least 1".
  let expectation: String
  /// The value of a node; nil where the node is of another kind or the value is impossible.
  let parse: @Sendable (Node) -> Value?
  /// The YAML text of a value.
  let format: @Sendable (Value) -> String

  /// The same, or null.
  var orNull: ConfigurationCodec<Value?> {
    ConfigurationCodec<Value?>(
      expectation: expectation + " or null",
      parse: { node in node.isNull ? .some(nil) : parse(node).map { .some($0) } },
      format: { $0.map(format) ?? "null" })
  }
}

extension ConfigurationCodec {
  /// A whole number of at least `minimum`.
  static func integer(atLeast minimum: Int) -> ConfigurationCodec<Int> {
    integer("an integer of at least \(minimum)") { $0 >= minimum }
  }

  /// A whole number that `isPossible`.
  static func integer(
    _ expectation: String, where isPossible: @escaping @Sendable (Int) -> Bool
  ) -> ConfigurationCodec<Int> {
    ConfigurationCodec<Int>(
      expectation: expectation,
      parse: { $0.plainText.flatMap(Int.init).flatMap { isPossible($0) ? $0 : nil } },
      format: { String($0) })
  }

  /// A finite number of at least `minimum`.
  static func number(atLeast minimum: Double) -> ConfigurationCodec<Double> {
    number("a number of at least \(shortText(minimum))") { $0 >= minimum }
  }

  /// A finite number greater than 0.
  static var positiveNumber: ConfigurationCodec<Double> { number("a number greater than 0") { $0 > 0 } }

  /// A finite number that `isPossible`.
  static func number(
    _ expectation: String, where isPossible: @escaping @Sendable (Double) -> Bool
  ) -> ConfigurationCodec<Double> {
    ConfigurationCodec<Double>(
      expectation: expectation,
      parse: { $0.plainText.flatMap(Double.init).flatMap { $0.isFinite && isPossible($0) ? $0 : nil } },
      format: { shortText($0) })
  }

  /// Minutes, or "auto".
  static var hangLimit: ConfigurationCodec<HangLimit> {
    ConfigurationCodec<HangLimit>(
      expectation: "auto or \(positiveNumber.expectation)",
      parse: { $0.plainText == "auto" ? .automatic : positiveNumber.parse($0).map(HangLimit.minutes) },
      format: { limit in
        switch limit {
        case .automatic: "auto"
        case .minutes(let minutes): positiveNumber.format(minutes)
        }
      })
  }

  /// Two numbers in 0 ..< 1.
  static var betas: ConfigurationCodec<[Double]> {
    let beta = number("") { (0..<1).contains($0) }
    return ConfigurationCodec<[Double]>(
      expectation: "two numbers in 0 ..< 1, such as [0.9, 0.95]",
      parse: { node in
        guard let items = node.sequence, items.count == 2 else { return nil }
        let values = items.compactMap(beta.parse)
        return values.count == 2 ? values : nil
      },
      format: { "[\($0.map(beta.format).joined(separator: ", "))]" })
  }

  /// A side in pixels, or [height, width].
  static var imageSize: ConfigurationCodec<[Int]> {
    let side = integer(atLeast: 1)
    return ConfigurationCodec<[Int]>(
      expectation: "a number of pixels, or [height, width]",
      parse: { node in
        if let value = side.parse(node) { return [value, value] }
        guard let items = node.sequence, items.count == 2 else { return nil }
        let values = items.compactMap(side.parse)
        return values.count == 2 ? values : nil
      },
      format: { $0[0] == $0[1] ? String($0[0]) : "[\($0[0]), \($0[1])]" })
  }

  /// A whole number of 64 bits without sign.
  static var seed: ConfigurationCodec<UInt64> {
    ConfigurationCodec<UInt64>(
      expectation: "an integer of at least 0", parse: { $0.plainText.flatMap { UInt64($0) } }, format: { String($0) })
  }

  /// true or false.
  static var boolean: ConfigurationCodec<Bool> {
    ConfigurationCodec<Bool>(
      expectation: "true or false",
      parse: { node in ["true": true, "false": false][node.plainText ?? ""] },
      format: { $0 ? "true" : "false" })
  }

  /// A text that is not empty.
  static var text: ConfigurationCodec<String> {
    ConfigurationCodec<String>(
      expectation: "a text",
      parse: { node in node.isNull ? nil : node.scalar.flatMap { $0.string.isEmpty ? nil : $0.string } },
      format: { quoted($0) })
  }

  /// A list of texts that are not empty.
  static var texts: ConfigurationCodec<[String]> {
    ConfigurationCodec<[String]>(
      expectation: "a list of texts, such as [encoder, mask_token]",
      parse: { node in
        guard let items = node.sequence else { return nil }
        let texts = items.compactMap(ConfigurationCodec<String>.text.parse)
        return texts.count == items.count ? texts : nil
      },
      format: { "[\($0.map(quoted).joined(separator: ", "))]" })
  }

  /// Rows and columns of a grid of patches.
  static var grid: ConfigurationCodec<[Int]> {
    let extent = integer("a whole number in 1 ... 4096") { (1...4096).contains($0) }
    return ConfigurationCodec<[Int]>(
      expectation: "two numbers of patches, [rows, columns]",
      parse: { node in
        guard let items = node.sequence, items.count == 2 else { return nil }
        let values = items.compactMap(extent.parse)
        return values.count == 2 ? values : nil
      },
      format: { "[\($0[0]), \($0[1])]" })
  }

  /// One of the names of an enumeration.
  static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(_: Choice.Type) -> ConfigurationCodec<
    Choice
  > {
    ConfigurationCodec<Choice>(
      expectation: Choice.allCases.map(\.rawValue).joined(separator: " or "),
      parse: { $0.plainText.flatMap(Choice.init(rawValue:)) },
      format: { $0.rawValue })
  }

  /// The shortest text that reads back as the same number, without a needless ".0".
  static func shortText(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
  }

  /// A YAML scalar that reads back as the same text.
  static func quoted(_ text: String) -> String {
    let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-".contains($0)) }
    let looksLikeAnotherType = ["null", "true", "false", "~", "-", ""].contains(text.lowercased())
    if isPlain && !looksLikeAnotherType && text.first != "-" { return text }
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    return "\"\(escaped)\""
  }
}

extension Node {
  /// The text of a scalar without quotes; nil for a list, a mapping, a quoted text or null.
  var plainText: String? {
    guard let scalar, !isNull, scalar.style == .plain || scalar.style == .any else { return nil }
    return scalar.string
  }

  /// Whether the node is null: empty, "~" or "null" without quotes.
  var isNull: Bool {
    guard let scalar, scalar.style == .plain || scalar.style == .any else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  /// The line in its file, from 1.
  var line: Int? { mark?.line }

  /// What the node is, to stand after "found".
  var found: String {
    switch self {
    case .scalar(let scalar): isNull ? "nothing" : "\"\(scalar.string)\""
    case .sequence(let items): "a list of \(items.count)"
    case .mapping: "a group of keys"
    case .alias: "an alias"
    }
  }
}
