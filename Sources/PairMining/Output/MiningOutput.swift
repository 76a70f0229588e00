import Foundation
import Runtime
import Storage

/// The folder that a search writes: `pairs.csv`, `crops_release.txt`, `matches.png` and further pages of it.
package struct MiningOutput {
  /// The list of pairs.
  package static let listName = "pairs.csv"
  /// The list of aligned crops.
  package static let cropsName = "crops_release.txt"

  /// What was written.
  package struct Written: Sendable {
    /// The names of the pages of the contact sheet.
    package let pages: [String]
    /// Whether there are aligned crops.
    package let hasCrops: Bool
    /// What the names in the list of crops are relative to.
    package let cropRoot: String
    /// Pairs whose crops cannot be listed: names with commas, mirrored images.
    package let pairsWithoutCrops: Int
  }

  /// Checks that a folder can be the output: it does not exist or is empty.
  ///
  /// - Throws: `Failure` of kind `usage` or `inputOutput` that names it.
  static func check(_ path: String) throws {
    guard FileSystem.exists(path) else { return }
    guard FileSystem.isFolder(path) else {
      throw Failure(
        .inputOutput, "Cannot write \(path): it is there and is no folder.", hint: "Choose another \(.output).")
    }
    let names = try FileSystem.names(in: path)
    guard names.isEmpty else {
      throw Failure(
        .usage, "The output folder \(path) is not empty: it holds \(names.sorted()[0]).",
        hint: "Choose another \(.output), or remove it.")
    }
  }

  /// Writes a result into `folder`, whose final path will be `path`.
  ///
  /// - Throws: `Failure` of kind `inputOutput`, or where an image can no longer be read.
  package static func write(
    _ result: MiningResult, _ options: MiningOptions, to folder: String, published path: String
  ) throws -> Written {
    let parent = FileSystem.resolved((folder as NSString).deletingLastPathComponent)
    let final = parent.appending(path: (path as NSString).lastPathComponent)
    let scenes = SceneNames(result.pairs.map { result.scenes[$0.first] })
    let list = MinedPairList(
      result: result, paths: ListedPaths(folder: final), scenes: scenes, naming: options.naming)
    try Publication.publishText(list.text, at: folder.appending(path: listName))
    let root = ListedPaths.root(of: result.images.map(\.path))
    let crops = MinedCropList(result: result, root: root, scenes: scenes, naming: options.naming).text()
    if let text = crops.text { try Publication.publishText(text, at: folder.appending(path: cropsName)) }
    var pages: [String] = []
    try MatchSheet(result: result, pool: WorkerPool(workerCount: options.threadCount)).pages { number, png in
      let name = number == 1 ? "matches.png" : "matches-\(number).png"
      try Publication.publishBytes(png, at: folder.appending(path: name))
      pages.append(name)
    }
    return Written(
      pages: pages, hasCrops: crops.text != nil, cropRoot: root, pairsWithoutCrops: crops.leftOut)
  }
}
