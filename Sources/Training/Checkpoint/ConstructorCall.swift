/// The call of a constructor in Python with keyword arguments, "CroCoNet(img_size=32, pos_embed='RoPE100')", as text: it is
/// taken apart and never run.
struct ConstructorCall {
  /// Whole numbers, numbers, truth values, texts and tuples of whole numbers, by keyword.
  let arguments: [String: Any]

  /// nil for anything else than such a call.
  init?(_ text: String) {
    guard let open = text.firstIndex(of: "("), text.hasSuffix(")") else { return nil }
    var arguments: [String: Any] = [:]
    for part in Self.parts(text[text.index(after: open)...].dropLast()) {
      let sides = part.split(separator: "=", maxSplits: 1)
      guard sides.count == 2, let value = Self.value(Self.trimmed(sides[1])) else { return nil }
      arguments[Self.trimmed(sides[0])] = value
    }
    self.arguments = arguments
  }

  /// What stands between commas that are not in brackets.
  private static func parts(_ text: Substring) -> [String] {
    var parts = [""]
    var depth = 0
    for character in text {
      if character == "(" || character == "[" { depth += 1 }
      if character == ")" || character == "]" { depth -= 1 }
      if character == ",", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
    }
    return parts.filter { !trimmed($0[...]).isEmpty }
  }

  private static func value(_ text: String) -> Any? {
    if let integer = Int(text) { return integer }
    if let number = Double(text) { return number }
    if text == "True" || text == "False" { return text == "True" }
    guard let first = text.first, let last = text.last, text.count >= 2 else { return nil }
    let inner = text.dropFirst().dropLast()
    if first == last, first == "'" || first == "\"" { return String(inner) }
    guard first == "(" || first == "[" else { return nil }
    let items = inner.split(separator: ",").map { Int(trimmed($0)) }
    return items.contains(nil) ? nil : items.compactMap { $0 }
  }

  private static func trimmed(_ text: Substring) -> String {
    String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
