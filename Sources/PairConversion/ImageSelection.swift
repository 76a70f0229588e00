import Foundation

/// Which files of a folder are taken, by their names.
///
/// A pattern is one of the shell, with `*`, `?` and `[...]` (POSIX `fnmatch`). With a slash it is held against the whole path below
/// the folder, where `*` stands for slashes too; without one against each name in that path. Case does not matter.
package struct ImageSelection: Sendable {
  /// Where there are any, a file is taken only if one of them matches.
  private let included: [String]
  /// A file is left out if one of them matches.
  private let excluded: [String]
  /// Whether names of depth maps and the like are left out where no pattern of `included` says otherwise.
  private let leavesOutMaps: Bool

  /// All files but those whose names say that they are no colour images.
  package static let colourImages = ImageSelection()

  /// All files.
  package static let all = ImageSelection(leavesOutMaps: false)

  /// Files by patterns.
  package init(including included: [String] = [], excluding excluded: [String] = [], leavesOutMaps: Bool = true) {
    self.included = included.map { $0.lowercased() }
    self.excluded = excluded.map { $0.lowercased() }
    self.leavesOutMaps = leavesOutMaps
  }

  /// Why a file is left out, or nil where it is taken.
  ///
  /// - Parameter path: relative to the folder.
  func reason(against path: String) -> String? {
    let path = path.lowercased()
    let isNamed = included.contains { Self.matches($0, path) }
    if excluded.contains(where: { Self.matches($0, path) }) { return "excluded by a pattern" }
    if !included.isEmpty, !isNamed { return "no pattern includes them" }
    if leavesOutMaps, !isNamed, Self.maps.contains(where: { Self.matches($0, path) }) {
      return "their names say depth, labels or thumbnails; a pattern that includes them takes them all the same"
    }
    return nil
  }

  private static func matches(_ pattern: String, _ path: String) -> Bool {
    if pattern.contains("/") { return fnmatch(pattern, path, 0) == 0 }
    return path.split(separator: "/").contains { fnmatch(pattern, String($0), 0) == 0 }
  }

  /// Names of 7-Scenes, TUM RGB-D, ScanNet, ScanNet++, ARKitScenes, Replica, NYU, Hypersim and of network disks.
  private static let maps: [String] = [
    "depth", "depths", "depth_*", "*_depth", "depth-*", "*-depth", "*.depth.*", "*_depth.*", "*-depth.*", "depth[0-9]*",
    "confidence", "*_confidence.*", "*.confidence.*", "disparity", "disparities", "*_disparity.*", "normals",
    "*_normals.*", "label", "labels", "label-filt", "label_filt", "*_label.*", "*_labels.*", "*.label.*",
    "instance", "instances", "instance-filt", "instance_filt", "*_instance.*", "*.instance.*", "semantic", "semantics",
    "*_semantic.*", "*_semantics.*", "*.semantic.*", "segmentation", "*_segmentation.*", "mask", "masks", "*_mask.*",
    "*.mask.*", "@eadir", "__macosx", ".thumbnails",
  ]
}
