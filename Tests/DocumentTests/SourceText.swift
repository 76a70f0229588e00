import Foundation

/// A function of a source file, as a simple parser sees it.
struct SourceFunction {
  let path: String
  let name: String
  let parameters: Int
  /// From the line of its name to that of its closing brace; 0 where it has no body.
  let lines: Int
}

/// Swift or C text without comments and literals, in which brackets can be counted.
struct SourceText {
  let path: String
  private let text: [UInt8]
  private var isSwift: Bool { path.hasSuffix(".swift") }

  init(_ path: String, _ source: String) {
    self.path = path
    text = Stripping(Array(source.utf8), isSwift: path.hasSuffix(".swift")).result
  }

  /// The functions and initialisers that the file declares; of C those that it defines.
  var functions: [SourceFunction] {
    var functions: [SourceFunction] = []
    var index = 0
    while index < text.count {
      guard let (name, open) = isSwift ? swiftFunction(at: index) : cFunction(at: index) else {
        index += 1
        continue
      }
      let close = matching(open)
      let lines = bodyEnd(after: close).map { 1 + text[index..<$0].count { $0 == "\n" } } ?? 0
      if isSwift || lines > 0 {
        functions.append(SourceFunction(path: path, name: name, parameters: parameters(open, close), lines: lines))
      }
      index = close
    }
    return functions
  }

  /// `func name<...>(` or `init?(` at a place: the name and where its parameters begin.
  private func swiftFunction(at start: Int) -> (name: String, open: Int)? {
    if start > 0, isWord(text[start - 1]) || text[start - 1] == "." { return nil }
    var index = start
    var name = word(&index)
    guard name == "func" || name == "init" else { return nil }
    if name == "func" {
      skipSpace(&index)
      name = word(&index)
      if name.isEmpty { return nil }  // an operator
    } else if index < text.count, text[index] == "?" {
      index += 1
    }
    if index < text.count, text[index] == "<" {
      var depth = 0
      repeat {
        depth += text[index] == "<" ? 1 : text[index] == ">" && !(text[index - 1] == "-") ? -1 : 0
        index += 1
      } while depth > 0 && index < text.count
    }
    return index < text.count && text[index] == "(" ? (name, index) : nil
  }

  /// `name(` or `PASS(name)(` at a place of a C file; what follows tells whether it is a definition.
  private func cFunction(at start: Int) -> (name: String, open: Int)? {
    if start > 0, isWord(text[start - 1]) { return nil }
    var index = start
    let name = word(&index)
    let isKeyword = ["if", "for", "while", "switch", "return", "sizeof"].contains(name)
    guard !name.isEmpty, !isKeyword, index < text.count, text[index] == "(" else { return nil }
    let end = matching(index)
    if end + 1 < text.count, text[end + 1] == "(" {
      return (String(decoding: text[index + 1..<end], as: UTF8.self), end + 1)
    }
    return (name, index)
  }

  /// The end of the body that follows a list of parameters, if one does.
  private func bodyEnd(after close: Int) -> Int? {
    var index = close + 1
    while index < text.count, !(text[index] == "{") {
      if text[index] == ";" || text[index] == "}" { return nil }
      if !isSwift, !isSpace(text[index]) { return nil }
      // Another declaration before any body: a requirement of a protocol.
      if isSwift, text[index] == "\n", startsDeclaration(index + 1) { return nil }
      index += 1
    }
    return index < text.count ? matching(index) : nil
  }

  private func startsDeclaration(_ start: Int) -> Bool {
    var index = start
    skipSpace(&index)
    let declarations = ["func", "var", "let", "static", "init", "case", "package", "private", "mutating", "subscript"]
    return declarations.contains(word(&index))
  }

  /// Commas at the top level of brackets, and one.
  private func parameters(_ open: Int, _ close: Int) -> Int {
    var (depth, commas, isEmpty) = (0, 0, true)
    for index in open + 1..<max(close, open + 1) {
      switch text[index] {
      case "(", "[", "{", "<": depth += 1
      case ")", "]", "}": depth -= 1
      case ">" where !(text[index - 1] == "-"): depth -= 1
      case "," where depth == 0: commas += 1
      default: break
      }
      if !isSpace(text[index]) { isEmpty = false }
    }
    return isEmpty ? 0 : commas + 1
  }

  /// The place of the bracket that closes the one at `open`.
  private func matching(_ open: Int) -> Int {
    var depth = 0
    for index in open..<text.count {
      switch text[index] {
      case "(", "[", "{": depth += 1
      case ")", "]", "}": depth -= 1
      default: continue
      }
      if depth == 0 { return index }
    }
    return text.count - 1
  }

  private func word(_ index: inout Int) -> String {
    let start = index
    while index < text.count, isWord(text[index]) { index += 1 }
    return String(decoding: text[start..<index], as: UTF8.self)
  }

  private func skipSpace(_ index: inout Int) {
    while index < text.count, isSpace(text[index]) { index += 1 }
  }
}

/// Takes comments, literals and lines of the C preprocessor out of a text; lines keep their number.
private struct Stripping {
  private(set) var result: [UInt8] = []
  private let source: [UInt8]
  private let isSwift: Bool
  private var index = 0

  init(_ source: [UInt8], isSwift: Bool) {
    self.source = source
    self.isSwift = isSwift
    result.reserveCapacity(source.count)
    while index < source.count { next() }
  }

  private var isAtLineStart: Bool { result.isEmpty || result.last(where: { !($0 == " ") })! == "\n" }

  private mutating func next() {
    if starts("//") {
      skip(to: "\n", including: false)
    } else if starts("/*") {
      skip(to: "*/", including: true)
    } else if starts("\"\"\"") {
      index += 3
      skip(to: "\"\"\"", including: true)
    } else if source[index] == "\"" {
      skipString(rawMarks: 0)
    } else if isSwift, starts("#\"") {
      index += 1
      skipString(rawMarks: 1)
    } else if !isSwift, source[index] == "'" {
      index += source[index + 1] == "\\" ? 4 : 3
    } else if !isSwift, source[index] == "#", isAtLineStart {
      repeat { skip(to: "\n", including: true) } while index < source.count && source[index - 2] == "\\"
    } else {
      result.append(source[index])
      index += 1
    }
  }

  /// Skips a literal of one line; what it interpolates is left out, too.
  private mutating func skipString(rawMarks: Int) {
    index += 1
    while index < source.count, !(source[index] == "\n") {
      if rawMarks > 0 {
        if starts("\"#") {
          index += 2
          return
        }
      } else if source[index] == "\"" {
        index += 1
        return
      } else if starts("\\(") {
        skipInterpolation()
        continue
      } else if source[index] == "\\" {
        index += 1
      }
      index += 1
    }
  }

  private mutating func skipInterpolation() {
    var depth = 0
    index += 1
    repeat {
      if source[index] == "\"" {
        skipString(rawMarks: 0)
        continue
      }
      depth += source[index] == "(" ? 1 : source[index] == ")" ? -1 : 0
      index += 1
    } while depth > 0 && index < source.count && !(source[index] == "\n")
  }

  private mutating func skip(to end: String, including: Bool) {
    while index < source.count, !starts(end) {
      if source[index] == "\n" { result.append(source[index]) }
      index += 1
    }
    if including {
      if end == "\n" { result.append(UInt8(ascii: "\n")) }
      index = min(source.count, index + end.utf8.count)
    }
  }

  private func starts(_ text: String) -> Bool {
    var place = index
    for byte in text.utf8 {
      if place >= source.count || source[place] != byte { return false }
      place += 1
    }
    return true
  }
}

/// Whether a byte is one of an identifier: an ASCII letter, a digit or an underscore.
func isWord(_ byte: UInt8) -> Bool {
  (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) || byte == "_"
}

private func isSpace(_ byte: UInt8) -> Bool { byte == " " || byte == "\n" || byte == "\t" }

private func == (byte: UInt8, character: Unicode.Scalar) -> Bool { byte == UInt8(ascii: character) }

private func ~= (character: Unicode.Scalar, byte: UInt8) -> Bool { byte == character }
