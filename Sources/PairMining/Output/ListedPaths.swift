import Foundation

/// How files are named in a list: relative to the list's folder where both lie in one tree below the root, else in full.
struct ListedPaths {
  private let folder: [Substring]

  /// - Parameter folder: where the list will lie, an absolute path without links.
  init(folder: String) { self.folder = folder.split(separator: "/") }

  /// The name of a file given by its absolute path.
  func name(of path: String) -> String {
    let parts = path.split(separator: "/")
    let common = zip(folder, parts).prefix { $0 == $1 }.count
    // Two trees that share no more than the root move apart easily.
    guard common >= 1 else { return path }
    return (Array(repeating: "..", count: folder.count - common) + parts[common...].map(String.init))
      .joined(separator: "/")
  }

  /// The deepest folder that holds all files.
  static func root(of paths: [String]) -> String {
    var common = (paths.first ?? "/").split(separator: "/").dropLast()
    for path in paths {
      let parts = path.split(separator: "/").dropLast()
      common = common.prefix(zip(common, parts).prefix { $0 == $1 }.count)
    }
    return "/" + common.joined(separator: "/")
  }
}
