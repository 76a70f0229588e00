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
/// names them in words that ``ColumnName`` knows. Empty lines and lines that start with `#` count for nothing.
/// Without a scene, pairs that are connected through shared images form one.
package enum PairList {
  /// Reads a list.
  ///
  /// - Parameters:
  ///   - root: the folder that paths are relative to; nil: that of the list.
  ///   - log: receives a line about columns.
  /// - Throws: `Failure` of kind `noInput`, or `badData` that names the list and the line.
  package static func read(
    _ path: String, root: String? = nil, log: (String) -> Void = { _ in }
  ) throws -> [PairCandidate] {
    let table = try ListTable(file: path)
    let columns = try ListColumns(table, log: log)
    let rows = try table.lines.dropFirst(columns.skipsFirstLine ? 1 : 0).map { try Row($0, columns) }
    guard !rows.isEmpty else { throw Failure(.badData, "\(path) lists no pair.") }
    return candidates(rows, root: root ?? (path as NSString).deletingLastPathComponent)
  }

  private struct Row {
    let view1: String
    let view2: String
    let scene: String?
    let overlap: Float
    let origin: String

    init(_ line: ListTable.Line, _ columns: ListColumns) throws(Failure) {
      func field(_ column: Int?) -> String? {
        guard let column, column < line.fields.count, !line.fields[column].isEmpty else { return nil }
        return line.fields[column]
      }
      origin = line.origin
      guard let view1 = field(columns.view1), let view2 = field(columns.view2) else {
        throw Failure(.badData, "\(origin): a pair needs two paths; one is missing.")
      }
      (self.view1, self.view2) = (view1.plainPath, view2.plainPath)
      scene = field(columns.scene)
      overlap = if let text = field(columns.overlap) { try Self.overlap(text, line.origin) } else { .nan }
    }

    /// A share, or NaN where it is not known.
    private static func overlap(_ text: String, _ origin: String) throws(Failure) -> Float {
      guard let value = Float(text) else {
        throw Failure(.badData, "\(origin): the overlap \"\(text)\" is not a number.")
      }
      guard value.isNaN || (0...1).contains(value) else {
        throw Failure(
          .badData, "\(origin): the overlap \(text) is not within 0 to 1.",
          hint: "An overlap is the share of view 1 that view 2 sees; give a column of other numbers another name.")
      }
      return value
    }
  }

  private static func candidates(_ rows: [Row], root: String) -> [PairCandidate] {
    func path(_ name: String) -> String { (name.hasPrefix("/") ? name : root.appending(path: name)).plainPath }
    var components = ConnectedComponents()
    // How each image is called first; its scene may get that name.
    var names: [ExactText: String] = [:]
    for row in rows where row.scene == nil {
      components.join(path(row.view1), path(row.view2))
      for name in [row.view1, row.view2] where names[ExactText(path(name))] == nil {
        names[ExactText(path(name))] = name
      }
    }
    return rows.map { row in
      PairCandidate(
        .init(path: path(row.view1), source: row.view1), .init(path: path(row.view2), source: row.view2),
        scene: row.scene ?? names[ExactText(components.representative(of: path(row.view1)))] ?? row.view1,
        overlap: row.overlap, origin: row.origin)
    }
  }
}
