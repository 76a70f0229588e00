import Foundation
import PairConversion
import Storage

/// An image file that pairs are looked for in.
package struct SourceImage: Sendable, Equatable {
  /// Where it lies: an absolute path without links.
  package let path: String
  /// The folder and sub-folder that it was listed in, whose files in natural order may be the frames of a video.
  let folder: String

  /// The images of folders and their sub-folders in natural order, each file once.
  ///
  /// - Parameter log: receives a line for what is left out.
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the folder.
  package static func list(
    _ sources: [String], _ selection: ImageSelection = .colourImages, log: (String) -> Void = { _ in }
  ) throws -> [SourceImage] {
    var images: [SourceImage] = []
    var seen: Set<ExactText> = []
    for source in sources {
      let listing = try ImageFolder(source, selection)
      listing.report(to: log)
      let root = FileSystem.resolved(source)
      for subfolder in listing.subfolders {
        for file in listing.files[subfolder] ?? [] {
          let path = FileSystem.resolved(root.appending(path: file))
          if path.contains(where: \.isNewline) {
            log("\(path.debugDescription) is left out: a list cannot hold a name with a line break")
          } else if seen.insert(ExactText(path)).inserted {
            images.append(SourceImage(path: path, folder: root.appending(path: subfolder.text)))
          }
        }
      }
    }
    return images
  }
}
