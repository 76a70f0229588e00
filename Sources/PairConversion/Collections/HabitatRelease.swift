import Foundation
import PairData
import Runtime
import Storage

/// Pairs rendered with Habitat-Sim by CroCo's instructions: `X_1.jpeg` and `X_2.jpeg` at any depth, perhaps listed in
/// `pairs.txt`.
package enum HabitatRelease {
  /// The tree that is expected, in one line.
  package static let tree: Advice = "habitat_release/**/X_1.jpeg, X_2.jpeg, and perhaps habitat_release/pairs.txt"

  /// Folders whose scans are for validation; `minival` holds some of those of `val`.
  private static let validationFolders = ["val", "validation", "minival"]

  /// The pairs of a folder. Each folder that holds images is a scene; one whose name has a folder `val` goes to the
  /// validation split, and the other scenes are drawn.
  ///
  /// - Parameters:
  ///   - sceneDepth: how many folders below `folder` name a scene; nil: all of them.
  ///   - usesList: whether `pairs.txt` is used where there is one.
  ///   - skipsIncomplete: whether views without a counterpart are left out instead of being an error.
  ///   - selection: which files are looked at where no list is used.
  ///   - log: receives lines about what is left out, and about folders for validation.
  /// - Throws: `Failure` of kind `noInput`, or `badData` that names the folder, or the line of the list.
  package static func pairs(
    in folder: String, sceneDepth: Int? = nil, usesList: Bool = true, skipsIncomplete: Bool = false,
    selection: ImageSelection = .all, log: (String) -> Void = { _ in }
  ) throws -> [PairCandidate] {
    let list = folder.appending(path: "pairs.txt")
    let stems =
      if usesList, CollectionFolder.hasFile(list) {
        try listed(list, folder)
      } else {
        try walked(folder, selection, skipsIncomplete, log)
      }
    guard !stems.isEmpty else {
      throw Failure(.badData, "\(folder) holds no pair X_1.jpeg, X_2.jpeg.", hint: "Expected: \(tree).")
    }
    let pairs = stems.map { pair in
      let folders = below(folder, pair.view1.source).split(separator: "/").dropLast()
      let scene = folders.prefix(sceneDepth ?? folders.count)
      return PairCandidate(
        pair.view1, pair.view2, scene: scene.isEmpty ? "." : scene.joined(separator: "/"),
        split: scene.contains { validationFolders.contains(String($0)) } ? .validation : nil, origin: pair.origin)
    }
    let count = pairs.count { $0.split == .validation }
    if count > 0 { log("\(folder): \(count) pairs in folders named val go to the validation split") }
    return pairs
  }

  /// A path of the list as it is below the folder, where it is absolute.
  private static func below(_ folder: String, _ path: String) -> String {
    path.removing(prefix: folder.appending(path: "")) ?? path
  }

  private struct Found {
    let view1: PairCandidate.View
    let view2: PairCandidate.View
    var origin: String?
  }

  // MARK: Files

  private static func walked(
    _ folder: String, _ selection: ImageSelection, _ skipsIncomplete: Bool, _ log: (String) -> Void
  ) throws -> [Found] {
    let images = try CollectionFolder.images(in: folder, selection, tree: tree)
    images.report(to: log)
    var unused = UnusedImages()
    var found: [Found] = []
    var lonely: [String] = []
    for subfolder in images.subfolders {
      let files = images.files[subfolder] ?? []
      let second = Dictionary(files.compactMap { file in key(file, "_2").map { ($0, file) } }) { first, _ in first }
      var matched: Set<ExactText> = []
      for file in files {
        guard let key = key(file, "_1") else {
          if self.key(file, "_2") == nil { unused.add(file, because: "not named X_1 or X_2") }
          continue
        }
        guard let partner = second[key] else {
          lonely.append(file)
          continue
        }
        matched.insert(key)
        found.append(
          Found(
            view1: .init(path: folder.appending(path: file), source: file),
            view2: .init(path: folder.appending(path: partner), source: partner)))
      }
      lonely += files.filter { file in key(file, "_2").map { !matched.contains($0) } ?? false }
    }
    if !lonely.isEmpty {
      let names = lonely.firstNames
      let sentence = "\(lonely.count) images of \(folder) have no second view: \(names)"
      guard skipsIncomplete else {
        throw Failure(
          .badData, sentence + ".",
          hint: "Expected: \(tree). Render them again, or leave them out with \(.skippingBadFiles).")
      }
      log(sentence + "; they are left out")
    }
    unused.report(of: folder, to: log)
    return found
  }

  /// The path without `_1` or `_2` and the suffix.
  private static func key(_ file: String, _ number: String) -> ExactText? {
    (file as NSString).deletingPathExtension.removing(suffix: number).map { ExactText($0) }
  }

  // MARK: The list

  /// Each line is `A_1.jpeg B_2.jpeg`, with one blank between; the paths may have blanks themselves.
  private static func listed(_ list: String, _ folder: String) throws -> [Found] {
    var found: [Found] = []
    var root: String?
    for (number, line) in try CollectionFolder.lines(of: list).enumerated() {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.isEmpty || line.hasPrefix("#") { continue }
      let origin = "pairs.txt:\(number + 1)"
      guard let (first, second) = split(line) else {
        throw Failure(
          .badData,
          "\(list):\(number + 1) is not a pair: two paths with a blank between, ending with _1.jpeg and _2.jpeg.",
          hint: "Leave the list out with \(.ignoringLists).")
      }
      let base = try root ?? findRoot(of: first, folder, list)
      root = base
      found.append(Found(view1: view(first, base), view2: view(second, base), origin: origin))
    }
    return found
  }

  /// The two paths of a line: they part where `_1` and an image's suffix are followed by a blank.
  private static func split(_ line: String) -> (String, String)? {
    for suffix in [".jpeg", ".jpg", ".png"] {
      guard line.hasSuffix("_2" + suffix),
        let middle = line.range(of: "_1\(suffix) ") ?? line.range(of: "_1\(suffix)\t")
      else { continue }
      let second = line[middle.upperBound...].trimmingCharacters(in: .whitespaces)
      return (line[..<middle.upperBound].trimmingCharacters(in: .whitespaces), second)
    }
    return nil
  }

  /// What the paths of the list are relative to: its folder or the one above.
  private static func findRoot(of path: String, _ folder: String, _ list: String) throws -> String {
    let above = (folder as NSString).appendingPathComponent("..")
    for root in [folder, above] where CollectionFolder.hasFile(root.appending(path: path)) { return root }
    guard !path.hasPrefix("/") else { return "" }
    throw Failure(
      .badData, "\(list) names \(path), which lies neither in \(folder) nor beside it.",
      hint: "Expected: \(tree). Leave the list out with \(.ignoringLists).")
  }

  private static func view(_ path: String, _ root: String) -> PairCandidate.View {
    .init(path: path.hasPrefix("/") ? path : root.appending(path: path), source: path)
  }
}
