import Foundation
import Runtime

/// The layout of a collection of stereo pairs on disk. A new collection is one such type and a line in the command's
/// table.
package protocol StereoLayout: Sendable {
  /// The name of its sub-command, and of its page under `datasets/`.
  static var command: String { get }
  /// What people call it.
  static var title: String { get }
  /// The tree that is expected, in one line.
  static var tree: Advice { get }
  /// What an image file is; nil where it does not belong to the layout.
  static func view(_ path: ImagePath) -> StereoView?
}

/// What an image file of a stereo collection is.
package struct StereoView: Sendable {
  /// The camera.
  package enum Side: Sendable {
    case left
    case right
    /// A frame of a sequence that has no second camera.
    case alone
  }

  /// The camera.
  let side: Side
  /// Equal for the two views of a pair, and for nothing else.
  let pair: String
  /// Pairs of one scene go to the same split.
  package let scene: String
  /// Frames of one sequence follow each other in natural order of their paths; nil where there are no sequences.
  let sequence: String?

  /// A view of a pair, a scene and perhaps a sequence.
  package init(_ side: Side, pair: String, scene: String, sequence: String? = nil) {
    self.side = side
    self.pair = pair
    self.scene = scene
    self.sequence = sequence
  }
}

/// The path of an image file, in parts.
package struct ImagePath: Sendable {
  /// The folders from the root of the file system to the file: layouts look at the last ones, so that any part of a
  /// collection is recognised as well as all of it.
  let folders: [String]
  /// The file's name without its suffix.
  let stem: String

  /// The file `relative` in the folder whose own path has the parts `root`.
  init(root: [String], relative: String) {
    var parts = relative.split(separator: "/").map(String.init)
    stem = (parts.removeLast() as NSString).deletingPathExtension
    folders = root + parts
  }

  /// The folder `steps` above the file, 1 for the one that it lies in; "" beyond the root.
  package func folder(_ steps: Int) -> String { steps <= folders.count ? folders[folders.count - steps] : "" }

  /// The path of the folder `steps` above the file.
  package func path(above steps: Int) -> String { folders.dropLast(steps - 1).joined(separator: "/") }
}

extension StringProtocol {
  /// The text without `suffix`, or nil where it does not end so.
  func removing(suffix: String) -> String? { hasSuffix(suffix) ? String(dropLast(suffix.count)) : nil }

  /// The text without `prefix`, or nil where it does not start so.
  func removing(prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }

  /// The text without the digits at its end, and without the underscore before them.
  var withoutNumber: String {
    guard let last = lastIndex(where: { !$0.isNumber }) else { return String(self) }
    let text = self[...last]
    return text.count < count ? text.removing(suffix: "_") ?? String(text) : String(self)
  }
}
