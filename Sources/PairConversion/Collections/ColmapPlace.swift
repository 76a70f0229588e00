import Foundation
import Runtime
import Storage

/// Which reconstruction of a workspace is read where it has both.
package enum ColmapPreference: String, Sendable, CaseIterable {
  /// That of the original images, as in `sparse/0`.
  case sparse
  /// That of undistorted images, as in `dense/0/sparse`.
  case dense
}

/// A sparse model in a tree of folders, and what its place tells.
///
/// Programs write several models of the same images into one workspace: `sparse/0`, `dense/0/sparse`, `distorted/sparse/0`,
/// `colmap_text`, `dslr_calibration_jpg`, `dslr_calibration_undistorted`. What is left of the path without such names is the
/// workspace.
struct ColmapPlace {
  /// The folder of the model.
  let path: String
  /// The absolute path of the workspace.
  let workspace: String
  /// The workspace below the folder that was searched.
  let name: String
  /// The place that the workspace shows: ``name``, but without the names of cameras that filmed it (ScanNet++).
  let scene: String
  private let isDense: Bool
  private let depth: Int

  /// All models in a folder and below, workspace by workspace; of one workspace those of the preferred kind come first, then
  /// those higher up. A folder that several links lead to is looked at once.
  ///
  /// - Throws: `Failure` of kind `noInput` where there is none.
  static func all(in folder: String, preference: ColmapPreference) throws -> [ColmapPlace] {
    guard FileSystem.exists(folder) else {
      throw Failure(.noInput, "Cannot read the folder \(folder).", hint: "Expected: \(ColmapPairs.tree).")
    }
    var places: [ColmapPlace] = []
    var visited: Set<ExactText> = []
    func visit(_ path: String, depth: Int) {
      guard visited.insert(ExactText(FileSystem.resolved(path))).inserted else { return }
      if ColmapModel.isPresent(in: path) { places.append(ColmapPlace(path, in: folder)) }
      // Models lie near the top.
      guard depth < 8 else { return }
      let names = (try? FileSystem.names(in: path)) ?? []
      for name in names.sorted(by: NaturalOrder.precedes) where !name.hasPrefix(".") {
        let inner = path.appending(path: name)
        if FileSystem.isFolder(inner) { visit(inner, depth: depth + 1) }
      }
    }
    visit(folder, depth: 0)
    guard !places.isEmpty else {
      throw Failure(
        .noInput, "There is no COLMAP model in \(folder) or below.", hint: "Expected: \(ColmapPairs.tree).")
    }
    var order: [ExactText: Int] = [:]
    for place in places where order[ExactText(place.workspace)] == nil {
      order[ExactText(place.workspace)] = order.count
    }
    let ranked = places.enumerated().sorted { a, b in
      let ranks = [a, b].map { index, place in
        (order[ExactText(place.workspace)]!, place.isDense == (preference == .dense) ? 0 : 1, place.depth, index)
      }
      return ranks[0] < ranks[1]
    }
    return ranked.map(\.element)
  }

  init(_ path: String, in folder: String) {
    self.path = path
    var parts = CollectionFolder.parts(of: path)
    let root = CollectionFolder.parts(of: folder).count
    depth = parts.count
    let whole = parts
    // MegaDepth has `sparse/manhattan/0`.
    if let sparse = parts.lastIndex(of: "sparse"), sparse >= parts.count - 3 {
      parts.removeSubrange(sparse...)
    } else if let last = parts.last, Self.isNumber(last), !FileSystem.isFolder(path.appending(path: "images")) {
      parts.removeLast()
    }
    while let last = parts.last, Self.isReconstruction(last, in: parts.dropLast().last) { parts.removeLast() }
    isDense = whole[parts.count...].contains { part in
      let part = part.lowercased()
      return part.contains("dense") || part.contains("undistorted")
    }
    workspace = "/" + parts.joined(separator: "/")
    func shown(_ parts: [String]) -> String {
      let inner = parts.count > root ? Array(parts[root...]) : Array(parts.suffix(1))
      return inner.isEmpty ? "." : inner.joined(separator: "/")
    }
    name = shown(parts)
    if let last = parts.last, ["dslr", "iphone"].contains(last) { parts.removeLast() }
    scene = shown(parts)
  }

  private static func isNumber(_ name: String) -> Bool { name.utf8.allSatisfy { (0x30...0x39).contains($0) } }

  private static let words: Set<String> = [
    "sparse", "dense", "colmap", "distorted", "undistorted", "text", "txt", "bin",
  ]

  /// Whether a folder's name says how its content was reconstructed, not what it shows.
  private static func isReconstruction(_ name: String, in parent: String?) -> Bool {
    if isNumber(name) { return parent.map { !isNumber($0) && isReconstruction($0, in: nil) } ?? false }
    let name = name.lowercased()
    if name.hasPrefix("dslr_calibration") || name.hasPrefix("rig_calibration") { return true }
    // Such as "sparse_text" or "dense0".
    let parts = name.split { $0 == "_" || $0 == "-" || $0.isNumber }
    return !parts.isEmpty && parts.allSatisfy { words.contains(String($0)) }
  }
}
