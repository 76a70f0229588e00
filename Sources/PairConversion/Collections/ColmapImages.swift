import Runtime
import Storage

/// Where the images of COLMAP models lie.
package enum ColmapImages: Sendable {
  /// In one folder for all models.
  case folder(String)
  /// In a folder with one of these names (or relative paths) beside a model or up to three folders above.
  case near([String])

  /// The folder that most images of a model are found in, the nearest of several, and how many are; nil where none is.
  func root(of images: [String], model: String) -> (path: String, found: Int)? {
    var best: (path: String, found: Int)?
    for candidate in candidates(model) where FileSystem.isFolder(candidate) {
      let found = images.count { CollectionFolder.hasFile(candidate.appending(path: $0)) }
      if found > best?.found ?? 0 { best = (candidate, found) }
      if found == images.count { break }
    }
    return best
  }

  private func candidates(_ model: String) -> [String] {
    switch self {
    case .folder(let path): return [path]
    case .near(let names):
      // Above a link lies another folder than above what it leads to.
      let starts = [model, FileSystem.resolved(model)].map(CollectionFolder.parts)
      return (starts[0] == starts[1] ? [starts[0]] : starts).flatMap { parts in
        (0...min(3, parts.count)).flatMap { levels in
          names.map { ("/" + parts.dropLast(levels).joined(separator: "/")).appending(path: $0) }
        }
      }
    }
  }

  /// What is wrong where no image of a model is found.
  func failure(_ model: String, imageCount: Int) -> Failure {
    let sentence =
      switch self {
      case .folder(let path): "\(path) holds none of the \(imageCount) images of \(model)."
      case .near(let names):
        "No folder \(names.joined(separator: " or ")) near \(model) holds any of its \(imageCount) images."
      }
    return Failure(
      .noInput, sentence,
      hint: """
        Name the folder with \(.imageFolder), or for many scenes by its name in each with \(.imageFolderName). \
        Expected: \(ColmapPairs.tree).
        """)
  }
}
