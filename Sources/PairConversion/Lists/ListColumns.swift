import Foundation
import Runtime

/// Which columns of a list are the views, the scene and the overlap. What is not sure is refused with a sentence.
struct ListColumns {
  let view1: Int
  let view2: Int
  let scene: Int?
  let overlap: Int?
  /// Whether the first line is the header.
  let skipsFirstLine: Bool

  /// How to make clear what a column is.
  private static let naming: Advice =
    "Name the columns in a first line: view1 and view2 for the paths, scene and overlap where there are such columns."

  /// Finds the columns by a header, the first line or a comment before it, else by their places.
  ///
  /// - Parameter log: receives a line about what is read, and what is not.
  /// - Throws: `Failure` of kind `badData` that names the line.
  init(_ table: ListTable, log: (String) -> Void) throws(Failure) {
    guard let first = table.lines.first else { throw Failure(.badData, "\(table.name) lists no pair.") }
    if let columns = try Self(header: first, skipsFirstLine: true) {
      self = columns
      try columns.check(table, widthOf: first, log)
    } else if let comment = table.comment, comment.fields.allSatisfy({ ColumnName($0).isKnown }),
      let columns = try Self(header: comment, skipsFirstLine: false)
    {
      self = columns
      try columns.check(table, widthOf: comment, log)
    } else {
      try self.init(unnamed: table, log)
    }
  }

  private init(view1: Int, view2: Int, scene: Int?, overlap: Int?, skipsFirstLine: Bool) {
    self.view1 = view1
    self.view2 = view2
    self.scene = scene
    self.overlap = overlap
    self.skipsFirstLine = skipsFirstLine
  }

  // MARK: With a header

  /// The columns that a header names, or nil where it names no two views.
  private init?(header: ListTable.Line, skipsFirstLine: Bool) throws(Failure) {
    guard !header.fields.contains(where: Self.looksLikePath) else { return nil }
    let names = header.fields.map { ColumnName($0) }
    // A table with numbered rows has no name above the numbers.
    let allowsBare = header.fields[0].isEmpty
    for side in ColumnName.sides {
      let first = names.indices.filter { names[$0].isView(side.view1, allowsBare: allowsBare) }
      let second = names.indices.filter { names[$0].isView(side.view2, allowsBare: allowsBare) }
      if first.isEmpty || second.isEmpty { continue }
      for columns in [first, second] where columns.count > 1 {
        throw Failure(
          .badData,
          "\(header.origin): both \(names[columns[0]].name) and \(names[columns[1]].name) could be the column of a view.",
          hint: Self.naming)
      }
      self.init(
        view1: first[0], view2: second[0], scene: names.firstIndex(where: \.isScene),
        overlap: names.firstIndex(where: \.isOverlap), skipsFirstLine: skipsFirstLine)
      return
    }
    return nil
  }

  private func check(_ table: ListTable, widthOf header: ListTable.Line, _ log: (String) -> Void) throws(Failure) {
    for line in table.lines where line.fields.count > header.fields.count {
      throw Failure(
        .badData, "\(line.origin) has \(line.fields.count) fields, and the header \(header.fields.count).",
        hint: "Give every column a name.")
    }
    let used = [view1, view2, scene, overlap].compactMap { $0 }
    func name(_ column: Int) -> String {
      header.fields[column].isEmpty ? "the one without a name" : header.fields[column]
    }
    var text = "\(header.origin) is a header: view 1 is \(name(view1)), view 2 is \(name(view2))"
    if let scene { text += ", the scene is \(name(scene))" }
    if let overlap { text += ", the overlap is \(name(overlap))" }
    let others = header.fields.indices.filter { !used.contains($0) }
    if !others.isEmpty { text += "; columns that are not read: " + others.map(name).joined(separator: ", ") }
    log(text)
  }

  // MARK: Without a header

  private init(unnamed table: ListTable, _ log: (String) -> Void) throws(Failure) {
    if try Self.areRotations(table) {
      log(
        "\(table.name): columns 3 and 4 are taken for the rotations of SuperGlue's lists, all of them 0;"
          + " all columns after the paths are not read")
      self.init(view1: 0, view2: 1, scene: nil, overlap: nil, skipsFirstLine: false)
      return
    }
    for line in table.lines where line.fields.count > 4 {
      throw Failure(
        .badData, "\(line.origin) has \(line.fields.count) fields; without a header a list has 2 to 4.",
        hint: "Put paths with spaces in quotes, or a tab between the two. \(Self.naming)")
    }
    try Self.refuseHeader(table)
    let hasScene = table.lines.contains { $0.fields.count > 2 && !$0.fields[2].isEmpty }
    let hasOverlap = table.lines.contains { $0.fields.count > 3 }
    try Self.checkScenes(table, hasOverlap: hasOverlap)
    if hasScene || hasOverlap {
      let read = (hasScene ? ["column 3 is the scene"] : []) + (hasOverlap ? ["column 4 is the overlap"] : [])
      log("\(table.name) has no header: \(read.joined(separator: ", "))")
    }
    self.init(view1: 0, view2: 1, scene: 2, overlap: 3, skipsFirstLine: false)
  }

  /// A first line that looks like a header, but names no two views, is no pair.
  private static func refuseHeader(_ table: ListTable) throws(Failure) {
    let first = table.lines[0]
    guard !first.fields.contains(where: looksLikePath) else { return }
    let areNames = first.fields.allSatisfy { $0.isEmpty || ColumnName($0).isKnown }
    let isAbovePaths = table.lines.count > 1 && table.lines[1].fields.contains(where: looksLikePath)
    guard areNames || isAbovePaths else { return }
    throw Failure(
      .badData,
      "\(first.origin) looks like a header, but names no two columns of views: \(first.fields.joined(separator: ", ")).",
      hint: naming)
  }

  /// Whether columns 3 and 4 are the rotations of SuperGlue's lists, by quarters. Intrinsics and the pose may follow.
  ///
  /// Source: `match_pairs.py` of SuperGlue: two paths, two rotations, and perhaps 9 + 9 + 16 numbers.
  private static func areRotations(_ table: ListTable) throws(Failure) -> Bool {
    let areQuarters = table.lines.allSatisfy { line in
      [4, 38].contains(line.fields.count) && line.fields[2...3].allSatisfy { ["0", "1", "2", "3"].contains($0) }
    }
    guard areQuarters else { return false }
    for line in table.lines where line.fields[2] != "0" || line.fields[3] != "0" {
      throw Failure(
        .badData,
        "\(line.origin): columns 3 and 4 (\(line.fields[2]), \(line.fields[3])) look like the rotations of SuperGlue's"
          + " lists; images are not turned by a list.",
        hint: "Turn the images, or leave these columns out. \(naming)")
    }
    return true
  }

  /// Column 3 without a header is a scene: not a third image, a share or a label.
  private static func checkScenes(_ table: ListTable, hasOverlap: Bool) throws(Failure) {
    let lines = table.lines.filter { $0.fields.count > 2 && !$0.fields[2].isEmpty }
    func refuse(_ line: ListTable.Line, _ reason: String) -> Failure {
      Failure(.badData, "\(line.origin): column 3, \(line.fields[2]), \(reason).", hint: naming)
    }
    if let line = lines.first(where: { isImage($0.fields[2]) }) { throw refuse(line, "looks like a third image") }
    guard lines.allSatisfy({ Double($0.fields[2]) != nil }) else { return }
    if let line = lines.first(where: { Int($0.fields[2]) == nil }) {
      throw refuse(line, "is a number that could be an overlap, a score or a scene")
    }
    if !hasOverlap, let line = lines.first, lines.allSatisfy({ ["-1", "0", "1"].contains($0.fields[2]) }) {
      throw refuse(line, "could be a label or a scene")
    }
  }

  /// Whether a field can be no name of a column.
  private static func looksLikePath(_ field: String) -> Bool {
    field.utf8.contains(UInt8(ascii: "/")) || (field as NSString).pathExtension.first?.isLetter == true
  }

  private static func isImage(_ field: String) -> Bool {
    ["jpg", "jpeg", "png", "webp"].contains((field as NSString).pathExtension.lowercased())
  }
}
