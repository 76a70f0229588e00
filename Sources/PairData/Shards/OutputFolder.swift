import Foundation
import Runtime
import Storage

/// The rules for the folder that a data set is written to.
package enum OutputFolder {
  /// Creates the folder or takes an empty one, and removes what killed writers left in it.
  package static func claim(_ path: String) throws {
    try FileSystem.createFolder(path)
    try FileSystem.checkWritable(path)
    let names = try FileSystem.names(in: path)
    if let process = names.lazy.compactMap(Publication.writer).first {
      throw Failure(
        .interrupted, "Process \(process) is writing to \(path).",
        hint: "Choose another \(.output), or wait.")
    }
    try checkEmpty(path, names)
    Publication.removeLeftovers(in: path)
  }

  /// - Throws: `Failure` of kind `usage` where `names`, the content of the folder, has more than leftovers.
  package static func checkEmpty(_ path: String, _ names: [String]) throws(Failure) {
    guard let name = names.filter({ !$0.contains(Publication.temporaryMarker) }).min() else { return }
    throw Failure(
      .usage, "The output folder \(path) is not empty: it holds \(name).",
      hint: "Choose another \(.output), or remove the folder; nothing is ever overwritten.")
  }
}
