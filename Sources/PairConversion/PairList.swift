import Foundation
import Runtime
import Storage

/// Reads lists of pairs: text, CSV or TSV.
///
/// - `.csv`: comma-separated, fields with commas or quotes in double quotes (RFC 4180).
/// - `.tsv`: tab-separated.
/// - anything else: a line with a tab is tab-separated, others by blanks; paths with spaces stand in quotes.
///
/// Columns are view 1, view 2 and optionally scene and overlap, in this order, or in any order under a header that
/// names them (`view1`, `view2`, `scene`, `overlap`). Empty lines and lines that start with `#` count for nothing.
/// Paths are relative to the list. Without a scene, pairs that are connected through shared images form one.
package enum PairList {
  /// Reads a list.
  ///
  /// - Throws: `Failure` of kind `noInput`, or `badData` that names the list and the line.
  package static func read(_ path: String) throws -> [PairCandidate] {
    let bytes = try File.contents(of: path, limit: 1 << 32)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(.badData, "\(path) is not a list of pairs: it is not UTF-8 text.")
    }
    return try parse(text, path: path)
  }

  /// Parses a list whose path is `path`; its name decides the separator, its folder is what paths are relative to.
  static func parse(_ text: String, path: String) throws -> [PairCandidate] {
    let folder = (path as NSString).deletingLastPathComponent
    let name = (path as NSString).lastPathComponent
    var columns = Columns()
    var isFirst = true
    var rows: [Row] = []
    let text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.isEmpty || line.hasPrefix("#") { continue }
      let origin = "\(name):\(number + 1)"
      let fields = try fields(of: line, name: name, origin: origin)
      if isFirst, let header = Columns(header: fields) {
        columns = header
      } else {
        rows.append(try row(fields, columns, origin: origin))
      }
      isFirst = false
    }
    guard !rows.isEmpty else { throw Failure(.badData, "\(path) lists no pair.") }
    return candidates(rows, folder: folder)
  }

  // MARK: Lines

  private struct Columns {
    var view1 = 0
    var view2 = 1
    var scene: Int? = 2
    var overlap: Int? = 3

    init() {}

    /// The columns that a header names, or nil where the fields are no header.
    init?(header: [String]) {
      let names = header.map { $0.lowercased().filter { $0.isLetter || $0.isNumber } }
      func column(_ synonyms: [String]) -> Int? { names.firstIndex { synonyms.contains($0) } }
      let stems = ["view", "image", "img", "im", "path", "file", "filename", "frame"]
      let countsFromZero = stems.contains { names.contains($0 + "0") && names.contains($0 + "1") }
      let suffixes = countsFromZero ? ["0", "1"] : ["1", "2"]
      let view1 = column(stems.flatMap { [$0 + suffixes[0], $0 + "a", $0 + "left"] } + ["left", "first", "target"])
      let view2 = column(
        stems.flatMap { [$0 + suffixes[1], $0 + "b", $0 + "right"] } + ["right", "second", "reference"])
      guard let view1, let view2 else { return nil }
      self.view1 = view1
      self.view2 = view2
      scene = column(["scene", "sceneid", "sequence", "group"])
      overlap = column(["overlap", "score"])
    }
  }

  private struct Row {
    let view1: String
    let view2: String
    let scene: String?
    let overlap: Float
    let origin: String
  }

  private static func fields(of line: String, name: String, origin: String) throws(Failure) -> [String] {
    let suffix = (name as NSString).pathExtension.lowercased()
    let isCSV = suffix == "csv"
    let fields =
      if isCSV {
        split(line, at: { $0 == "," }, quotes: "\"", joins: false)
      } else if suffix == "tsv" || line.contains("\t") {
        split(line, at: { $0 == "\t" }, quotes: "\"", joins: false)
      } else { split(line, at: { $0 == " " }, quotes: "\"'", joins: true) }
    guard let fields else { throw Failure(.badData, "\(origin): a quotation mark is not closed.") }
    let maximum = isCSV || line.contains("\t") ? Int.max : 4
    guard fields.count >= 2, fields.count <= maximum else {
      throw Failure(
        .badData, "\(origin) has \(fields.count) fields; a pair needs two paths.",
        hint: isCSV ? nil : "Put paths with spaces in quotes, or a tab between the two.")
    }
    return fields
  }

  /// Splits at separators outside quotes; a doubled quote inside quotes is one. Nil where a quote stays open.
  private static func split(
    _ line: String, at isSeparator: (Character) -> Bool, quotes: String, joins: Bool
  ) -> [String]? {
    var fields: [String] = []
    var field = ""
    var isQuoted = false  // The field had quotes, so that even an empty one counts.
    var open: Character?
    var characters = line.makeIterator()
    var next = characters.next()
    while let character = next {
      next = characters.next()
      if let quote = open {
        if character != quote {
          field.append(character)
        } else if next == quote {
          field.append(character)
          next = characters.next()
        } else {
          open = nil
        }
      } else if quotes.contains(character), field.allSatisfy(\.isWhitespace), !isQuoted {
        open = character
        isQuoted = true
        field = ""
      } else if isSeparator(character) {
        if !joins || isQuoted || !field.isEmpty { fields.append(isQuoted ? field : trimmed(field)) }
        field = ""
        isQuoted = false
      } else if !(isQuoted && character.isWhitespace) {
        field.append(character)
      }
    }
    if open != nil { return nil }
    if !joins || isQuoted || !field.isEmpty { fields.append(isQuoted ? field : trimmed(field)) }
    return fields
  }

  private static func trimmed(_ field: String) -> String { field.trimmingCharacters(in: .whitespaces) }

  private static func row(_ fields: [String], _ columns: Columns, origin: String) throws(Failure) -> Row {
    func field(_ column: Int?) -> String? {
      guard let column, column < fields.count, !fields[column].isEmpty else { return nil }
      return fields[column]
    }
    guard let view1 = field(columns.view1), let view2 = field(columns.view2) else {
      throw Failure(.badData, "\(origin): a pair needs two paths; one is missing.")
    }
    var overlap = Float.nan
    if let text = field(columns.overlap) {
      guard let value = Float(text) else {
        throw Failure(.badData, "\(origin): the overlap \"\(text)\" is not a number.")
      }
      overlap = value
    }
    return Row(view1: view1, view2: view2, scene: field(columns.scene), overlap: overlap, origin: origin)
  }

  // MARK: Scenes

  private static func candidates(_ rows: [Row], folder: String) -> [PairCandidate] {
    var components = ConnectedComponents()
    for row in rows where row.scene == nil { components.join(row.view1, row.view2) }
    func view(_ path: String) -> PairCandidate.View {
      let isAbsolute = path.hasPrefix("/") || folder.isEmpty
      return PairCandidate.View(path: isAbsolute ? path : folder.appending(path: path), source: path)
    }
    return rows.map { row in
      PairCandidate(
        view(row.view1), view(row.view2), scene: row.scene ?? components.representative(of: row.view1),
        overlap: row.overlap, origin: row.origin)
    }
  }
}

/// Groups of names that are connected; each is represented by the one that appeared first.
///
/// Source: disjoint-set forest with path halving (Tarjan, 1975).
package struct ConnectedComponents {
  private var numbers: [String: Int] = [:]
  private var names: [String] = []
  private var parents: [Int] = []

  /// No names yet.
  package init() {}

  /// Puts two names into one group.
  package mutating func join(_ a: String, _ b: String) {
    let (a, b) = (root(of: number(of: a)), root(of: number(of: b)))
    parents[max(a, b)] = min(a, b)
  }

  /// The first name of a name's group.
  package mutating func representative(of name: String) -> String { names[root(of: number(of: name))] }

  private mutating func number(of name: String) -> Int {
    if let number = numbers[name] { return number }
    numbers[name] = names.count
    parents.append(names.count)
    names.append(name)
    return names.count - 1
  }

  private mutating func root(of number: Int) -> Int {
    var number = number
    while parents[number] != number {
      parents[number] = parents[parents[number]]
      number = parents[number]
    }
    return number
  }
}
