import Foundation
import Runtime
import Storage

/// A list as lines of fields. Lines that are empty or start with `#` count for nothing.
struct ListTable {
  /// A line that counts.
  struct Line {
    /// Its fields, without empty ones at the end.
    let fields: [String]
    /// Where it stands, such as "list.txt:7".
    let origin: String
  }

  /// What stands between fields.
  enum Separator {
    /// A comma; fields with commas or quotes are in double quotes (RFC 4180).
    case comma
    case tab
    /// One blank or more; fields with blanks are in quotes of either kind.
    case blanks

    fileprivate var byte: UInt8 {
      switch self {
      case .comma: UInt8(ascii: ",")
      case .tab: UInt8(ascii: "\t")
      case .blanks: UInt8(ascii: " ")
      }
    }

    fileprivate func isQuote(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") && self == .blanks
    }
  }

  /// The file's name.
  let name: String
  /// The lines that count.
  private(set) var lines: [Line] = []
  /// The fields of the last comment before the first line: a header may be one.
  private(set) var comment: Line?

  /// Reads a list; the name's suffix decides what separates the fields, see ``PairList``.
  ///
  /// - Throws: `Failure` of kind `noInput`, or `badData` that names the list and the line.
  init(file path: String) throws {
    name = (path as NSString).lastPathComponent
    var bytes = try File.contents(of: path, limit: 1 << 32)[...]
    guard !bytes.contains(0) else {
      throw Failure(.badData, "\(path) is not a list of pairs: it is no text in UTF-8.", hint: "Save it in UTF-8.")
    }
    if bytes.starts(with: "\u{FEFF}".utf8) { bytes = bytes.dropFirst(3) }
    // Lines end with LF, with CR LF, or, from old programs, with CR.
    let end: UInt8 = bytes.contains(0x0A) ? 0x0A : 0x0D
    for (index, line) in bytes.split(separator: end, omittingEmptySubsequences: false).enumerated() {
      let origin = "\(name):\(index + 1)"
      let content = line.drop { Self.isBlank($0) }
      if content.isEmpty { continue }
      if content.first == UInt8(ascii: "#") {
        if lines.isEmpty, let fields = cut(content.drop { $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: " ") }),
          fields.count >= 2
        {
          comment = Line(fields: fields, origin: origin)
        }
        continue
      }
      guard let fields = cut(line) else { throw Failure(.badData, "\(origin): a quotation mark is not closed.") }
      guard fields.count >= 2 else {
        throw Failure(
          .badData, "\(origin) has \(fields.count) fields; a pair needs two paths.",
          hint: "Separate them by \(separator(of: line) == .comma ? "commas" : "a blank or a tab").")
      }
      lines.append(Line(fields: fields, origin: origin))
    }
  }

  private func separator(of line: ArraySlice<UInt8>) -> Separator {
    switch (name as NSString).pathExtension.lowercased() {
    case "csv": .comma
    case "tsv": .tab
    default: line.contains(UInt8(ascii: "\t")) ? .tab : .blanks
    }
  }

  /// Cuts a line at separators outside quotes; a doubled quote inside quotes is one. Nil where a quote stays open.
  private func cut(_ line: ArraySlice<UInt8>) -> [String]? {
    let separator = separator(of: line)
    var fields: [String] = []
    var field: [UInt8] = []
    var isQuoted = false  // The field had quotes, so that even an empty one counts.
    var open: UInt8?
    func endField() {
      if separator != .blanks || isQuoted || !field.allSatisfy(Self.isBlank) {
        // Names of files may be no UTF-8.
        fields.append(String(pathBytes: isQuoted ? field[...] : Self.trimmed(field)))
      }
      (field, isQuoted) = ([], false)
    }
    var bytes = line.makeIterator()
    var next = bytes.next()
    while let byte = next {
      next = bytes.next()
      if let quote = open {
        if byte != quote {
          field.append(byte)
        } else if next == quote {
          field.append(byte)
          next = bytes.next()
        } else {
          open = nil
        }
      } else if separator.isQuote(byte), field.allSatisfy(Self.isBlank), !isQuoted {
        (open, isQuoted, field) = (byte, true, [])
      } else if byte == separator.byte {
        endField()
      } else if !(isQuoted && Self.isBlank(byte)) {
        field.append(byte)
      }
    }
    if open != nil { return nil }
    endField()
    while fields.last?.isEmpty == true { fields.removeLast() }
    return fields
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

  private static func trimmed(_ field: [UInt8]) -> ArraySlice<UInt8> {
    let start = field.firstIndex { !isBlank($0) } ?? field.endIndex
    let end = field.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start
    return field[start..<end]
  }
}
