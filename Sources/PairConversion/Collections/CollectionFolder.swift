import Foundation
import Runtime
import Storage

/// What the readers of collections share.
enum CollectionFolder {
  /// The images of a folder; failures tell which tree is expected.
  ///
  /// - Throws: `Failure` of kind `noInput` or `badData`.
  static func images(in folder: String, _ selection: ImageSelection, tree: Advice) throws -> ImageFolder {
    do {
      return try ImageFolder(folder, selection)
    } catch let failure as Failure {
      throw Failure(failure.kind, failure.message, hint: "Expected: \(tree).")
    }
  }

  /// The names of the folders from the root of the file system to `folder`.
  static func parts(of folder: String) -> [String] {
    URL(fileURLWithPath: folder).standardizedFileURL.path.split(separator: "/").map(String.init)
  }

  /// Whether there is a regular file.
  static func hasFile(_ path: String) -> Bool {
    FileSystem.exists(path) && !FileSystem.isFolder(path)
  }

  /// The lines of a text file, without line ends. It may name files in another encoding than UTF-8.
  ///
  /// - Throws: `Failure` of kind `noInput`, or `badData` where it is not text.
  static func lines(of path: String) throws -> [Substring] {
    var bytes = try File.contents(of: path, limit: 1 << 34)[...]
    guard !bytes.contains(0) else { throw Failure(.badData, "\(path) is not a list: it is no text.") }
    if bytes.starts(with: "\u{FEFF}".utf8) { bytes = bytes.dropFirst(3) }
    let text = String(pathBytes: bytes)
    // By bytes, since lists can have millions of lines.
    return text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
      Substring(line.last == 0x0D ? line.dropLast() : line)
    }
  }
}
