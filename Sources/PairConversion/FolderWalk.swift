import Runtime
import Storage

/// The files of a folder and its sub-folders, in natural order, links followed and hidden names left out.
///
/// What is no folder counts as a file, also a link that leads nowhere, a pipe or a device: whoever reads it finds out.
struct FolderWalk {
  /// The files of one folder.
  struct Folder {
    /// Relative to the root; "" for the root itself.
    let path: String
    /// Paths relative to the root.
    var files: [String] = []
  }

  /// The folders, each before those in it.
  private(set) var folders: [Folder] = []
  /// Links to a folder that they lie in, which would be followed for ever.
  private(set) var circles: [String] = []

  private let root: String

  /// Lists a folder.
  ///
  /// - Throws: `Failure` of kind `noInput` that names a folder that cannot be read.
  init(_ root: String) throws {
    self.root = root
    guard let status = try? FileSystem.status(of: root), status.isFolder else { throw Self.unreadable(root) }
    try list("", above: [status.identity])
  }

  private mutating func list(_ subfolder: String, above: [FileIdentity]) throws {
    let folder = subfolder.isEmpty ? root : root.appending(path: subfolder)
    guard let names = try? FileSystem.names(in: folder) else { throw Self.unreadable(folder) }
    let place = folders.count
    folders.append(Folder(path: subfolder))
    for name in names.sorted(by: NaturalOrder.precedes) where !name.hasPrefix(".") {
      let relative = subfolder.appending(path: name)
      guard let status = try? FileSystem.status(of: root.appending(path: relative)), status.isFolder else {
        folders[place].files.append(relative)
        continue
      }
      if above.contains(where: { $0.isSameFile(as: status.identity) }) {
        circles.append(relative)
      } else {
        try list(relative, above: above + [status.identity])
      }
    }
  }

  /// Logs what was not followed.
  func report(to log: (String) -> Void) {
    for link in circles { log("\(root.appending(path: link)) is not followed: it leads to a folder that it lies in") }
  }

  private static func unreadable(_ folder: String) -> Failure {
    Failure(.noInput, "Cannot read the folder \(folder).", hint: "Does it exist, and may you read it?")
  }
}
