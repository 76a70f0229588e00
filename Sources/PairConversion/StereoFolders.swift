import Foundation
import Runtime
import Storage

/// Pairs of two folders, left and right views.
package enum StereoFolders {
  /// How the files of the two folders belong together.
  package enum Matching: String, Sendable, CaseIterable {
    /// Equal sub-folder and name, whatever the suffix.
    case name
    /// Equal sub-folder and place in natural order.
    case order
  }

  /// The pairs of two folders: left is view 1, right is view 2. Every sub-folder is a scene; files that lie directly
  /// in the folders are a scene each.
  ///
  /// - Parameter log: receives lines about what is left out.
  /// - Throws: `Failure` of kind `noInput`, or `badData` that names files without a counterpart.
  package static func pairs(
    left: String, right: String, matching: Matching = .name, _ selection: ImageSelection = .colourImages,
    log: (String) -> Void = { _ in }
  ) throws -> [PairCandidate] {
    let folders = try [left, right].map { try ImageFolder($0, selection) }
    for folder in folders { folder.report(to: log) }
    let (leftFiles, rightFiles) = (folders[0].files, folders[1].files)
    let matches =
      switch matching {
      case .name: try matchNames(leftFiles, rightFiles, left, right)
      case .order: try matchOrder(leftFiles, rightFiles, left, right)
      }
    return matches.map { subfolder, leftFile, rightFile in
      PairCandidate(
        .init(path: left.appending(path: leftFile), source: "left/" + leftFile),
        .init(path: right.appending(path: rightFile), source: "right/" + rightFile),
        scene: subfolder.isEmpty ? stem(leftFile).text : subfolder)
    }
  }

  private typealias Match = (subfolder: String, left: String, right: String)

  private static func matchNames(
    _ leftFiles: [ExactText: [String]], _ rightFiles: [ExactText: [String]], _ left: String, _ right: String
  ) throws -> [Match] {
    let rightByStem = try byStem(rightFiles, right)
    _ = try byStem(leftFiles, left)
    var matches: [Match] = []
    var lonely: [String] = []
    for subfolder in leftFiles.keys.sorted(by: naturally) {
      for file in leftFiles[subfolder] ?? [] {
        if let partner = rightByStem[stem(file)] {
          matches.append((subfolder.text, file, partner))
        } else {
          lonely.append(left.appending(path: file))
        }
      }
    }
    let matched = Set(matches.map { ExactText($0.right) })
    let files = rightFiles.values.joined().filter { !matched.contains(ExactText($0)) }.sorted(by: NaturalOrder.precedes)
    lonely += files.map { right.appending(path: $0) }
    guard lonely.isEmpty else {
      let shown = lonely.firstNames
      throw Failure(
        .badData, "\(lonely.count) files of \(left) and \(right) have no counterpart of the same name: \(shown)",
        hint: "Remove them, or pair files by their order with \(.matching) order.")
    }
    return matches
  }

  private static func matchOrder(
    _ leftFiles: [ExactText: [String]], _ rightFiles: [ExactText: [String]], _ left: String, _ right: String
  ) throws -> [Match] {
    let subfolders = Set(leftFiles.keys).union(rightFiles.keys).sorted(by: naturally)
    return try subfolders.flatMap { subfolder in
      let (first, second) = (leftFiles[subfolder] ?? [], rightFiles[subfolder] ?? [])
      guard first.count == second.count else {
        throw Failure(
          .badData,
          "The folders do not match: \(left)/\(subfolder.text) holds \(first.count) images,"
            + " \(right)/\(subfolder.text) holds \(second.count)."
        )
      }
      return zip(first, second).map { (subfolder.text, $0, $1) }
    }
  }

  private static func byStem(_ files: [ExactText: [String]], _ folder: String) throws -> [ExactText: String] {
    var result: [ExactText: String] = [:]
    for file in files.values.joined() {
      if let other = result.updateValue(file, forKey: stem(file)) {
        let both = [file, other].sorted().joined(separator: " and ")
        throw Failure(.badData, "\(folder) holds \(both), which differ in their suffix only.", hint: "Remove one.")
      }
    }
    return result
  }

  /// What the two files of a pair have in common.
  private static func stem(_ file: String) -> ExactText { ExactText((file as NSString).deletingPathExtension) }

  private static func naturally(_ a: ExactText, _ b: ExactText) -> Bool { NaturalOrder.precedes(a.text, b.text) }
}
