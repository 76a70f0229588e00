import Foundation
import Runtime
import Storage

/// The extracted crops of CroCo v2: `{ARKitScenes,MegaDepth,3DStreetView,IndoorVL}_crops` with a `listing.txt`.
package enum ExtractedCrops {
  /// The tree that is expected, in one line.
  package static let tree: Advice =
    "NAME_crops/listing.txt with lines PATH after \"# pair_path\", NAME_crops/PATH_1.jpg, PATH_2.jpg"

  /// The pairs that the listing of a folder names. The crops of one sub-folder are a scene: they were cut one after
  /// another, and what they came from is not recorded.
  ///
  /// - Throws: `Failure` of kind `noInput`, or `badData` that names the listing and the line.
  package static func pairs(in folder: String) throws -> [PairCandidate] {
    let list = folder.appending(path: "listing.txt")
    guard CollectionFolder.hasFile(list) else {
      throw Failure(.noInput, "\(folder) holds no listing.txt.", hint: "Expected: \(tree).")
    }
    var pairs: [PairCandidate] = []
    for (number, line) in try CollectionFolder.lines(of: list).enumerated() {
      let path = line.trimmingCharacters(in: .whitespaces)
      if path.isEmpty || path.hasPrefix("#") { continue }
      let views = ["_1.jpg", "_2.jpg"].map {
        PairCandidate.View(path: folder.appending(path: path) + $0, source: path + $0)
      }
      let scene = (path as NSString).deletingLastPathComponent
      pairs.append(
        PairCandidate(views[0], views[1], scene: scene.isEmpty ? "." : scene, origin: "listing.txt:\(number + 1)"))
    }
    guard !pairs.isEmpty else { throw Failure(.badData, "\(list) lists no pair.", hint: "Expected: \(tree).") }
    return pairs
  }
}
