import Foundation
import Runtime
import Storage

/// What a path to a trained network means: a run folder, its folder of checkpoints, a checkpoint folder (or the link `best` to
/// one) or a weights file, safetensors or `.pth`. All of these are accepted wherever one of them is.
package enum TrainedSource: Sendable {
  /// A checkpoint that verifies, with a sentence on each newer one that is damaged.
  case checkpoint(Checkpoint, passedOver: [String])
  /// A weights file that lies in no checkpoint.
  case weights(path: String)

  /// Looks what lies at `path`. A file of a checkpoint stands for the checkpoint.
  ///
  /// - Throws: `Failure` of kind `noInput`, `badData` or `inputOutput` that names the path.
  package init(_ named: String) throws(Failure) {
    let path = Self.followed(named)
    guard FileSystem.exists(path) else {
      throw Failure(
        .noInput, "There is no checkpoint at \(path).",
        hint: "Name a run folder, a checkpoint folder, a .safetensors file or a .pth file.")
    }
    if FileSystem.isFolder(path) {
      let (checkpoint, passedOver) = try Checkpoint.find(path)
      self = .checkpoint(checkpoint, passedOver: passedOver)
    } else if let folder = Self.checkpointFolder(ofFile: path) {
      self = .checkpoint(try Checkpoint(path: folder), passedOver: [])
    } else {
      self = .weights(path: path)
    }
  }

  /// Where a link to a folder leads, so that what is read and said is of one checkpoint, whatever becomes of the link meanwhile.
  private static func followed(_ path: String) -> String {
    let link = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    guard FileSystem.isFolder(link), let target = FileSystem.linkTarget(link) else { return path }
    return target.hasPrefix("/") ? target : (link as NSString).deletingLastPathComponent.appending(path: target)
  }

  private static func checkpointFolder(ofFile path: String) -> String? {
    let names = [Checkpoint.modelFile, Checkpoint.optimizerFile, Checkpoint.stateFile]
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard let name = parts.last, names.contains(String(name)) else { return nil }
    let folder = parts.count == 1 ? "." : parts.dropLast().joined(separator: "/")
    return names.allSatisfy { FileSystem.exists(folder.appending(path: $0)) } ? folder : nil
  }
}
