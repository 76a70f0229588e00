import Foundation
import Storage

/// The metadata of CroCo v2's crops, `crops_release.txt`, applied to the original images.
///
/// A pair line `image 1, image 2, rotation` is followed by one line `l1, r1, t1, b1, l2, r2, t2, b2` for each pair of
/// crops: left, right, top and bottom edge of the box in each image, right and bottom exclusive. This is how they are
/// read:
///
/// - Boxes are in pixels of the stored images, without EXIF orientation, as structure from motion sees them.
/// - The rotation is that of view 2: quarter turns where it is 1, 2 or 3, degrees where it is 90, 180 or 270,
///   counterclockwise as of `PIL.Image.rotate` and `numpy.rot90`, applied to what the box holds.
public enum CropsRelease {
  /// The tree that is expected, in one line.
  public static let tree = "crops_release.txt, and with --images the folder of the original images that it names"

  /// The sense in which view 2 is turned.
  public enum Rotation: String, Sendable, CaseIterable {
    case counterclockwise
    case clockwise
    /// View 2 stays as it is.
    case none
  }

  /// The pairs of crops of a list. Folders of images that share a pair line are one scene.
  ///
  /// - Parameters:
  ///   - list: the path of `crops_release.txt`.
  ///   - images: the folder of the original images.
  /// - Throws: `Failure` of kind `noInput`, or `badData` that names the list and the line.
  public static func pairs(
    list: String, images: String, rotation: Rotation = .counterclockwise
  ) throws -> [PairCandidate] {
    let name = (list as NSString).lastPathComponent
    var pairs: [Crops] = []
    var current: (path1: String, path2: String, turns: Int)?
    for (number, line) in try CollectionFolder.lines(of: list).enumerated() {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.isEmpty || line.hasPrefix("#") { continue }
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      let origin = "\(name):\(number + 1)"
      if let edges = edges(fields) {
        guard let current else { throw Failure(.badData, "\(origin) is a box before the first pair of images.") }
        pairs.append(try crops(current, edges, origin))
      } else if fields.count == 3, let turns = turns(fields[2], rotation), !fields[0].isEmpty, !fields[1].isEmpty {
        current = (fields[0], fields[1], turns)
      } else {
        throw Failure(
          .badData,
          "\(origin) is neither \"image 1, image 2, rotation\" nor a box of eight numbers: \(line.prefix(80))",
          hint: "Expected: \(tree).")
      }
    }
    guard !pairs.isEmpty else { throw Failure(.badData, "\(list) lists no crop.", hint: "Expected: \(tree).") }
    return candidates(pairs, images: images)
  }

  private struct Crops {
    let path1: String
    let path2: String
    let crop1: ImageCrop
    let crop2: ImageCrop
    let origin: String
  }

  private static func edges(_ fields: [String]) -> [Int]? {
    guard fields.count == 8 else { return nil }
    let numbers = fields.compactMap { Int($0) }
    return numbers.count == 8 ? numbers : nil
  }

  private static func turns(_ text: String, _ rotation: Rotation) -> Int? {
    guard let value = Int(text), (0...3).contains(value) || value % 90 == 0 else { return nil }
    let quarters = (0...3).contains(value) ? value : value / 90 % 4
    return switch rotation {
    case .counterclockwise: quarters
    case .clockwise: -quarters
    case .none: 0
    }
  }

  private static func crops(
    _ pair: (path1: String, path2: String, turns: Int), _ edges: [Int], _ origin: String
  ) throws -> Crops {
    func box(_ first: Int) throws -> PixelWindow {
      let (left, right, top, bottom) = (edges[first], edges[first + 1], edges[first + 2], edges[first + 3])
      guard left >= 0, top >= 0, right > left, bottom > top, right <= ImageLimits.side, bottom <= ImageLimits.side
      else {
        throw Failure(
          .badData, "\(origin): left \(left), right \(right), top \(top), bottom \(bottom) is no box in an image.")
      }
      return PixelWindow(x: left, y: top, width: right - left, height: bottom - top)
    }
    return Crops(
      path1: pair.path1, path2: pair.path2, crop1: ImageCrop(box: try box(0)),
      crop2: ImageCrop(box: try box(4), quarterTurns: pair.turns), origin: origin)
  }

  private static func candidates(_ pairs: [Crops], images: String) -> [PairCandidate] {
    func folder(_ path: String) -> String {
      let folder = (path as NSString).deletingLastPathComponent
      return folder.isEmpty ? "." : folder
    }
    func view(_ path: String, _ crop: ImageCrop) -> PairCandidate.View {
      let box = crop.box
      let turn = crop.quarterTurns == 0 ? "" : ", turned \(90 * crop.quarterTurns)"
      let source = "\(path) [\(box.x):\(box.x + box.width), \(box.y):\(box.y + box.height)\(turn)]"
      return PairCandidate.View(path: images + "/" + path, source: source, crop: crop)
    }
    var scenes = ConnectedComponents()
    for pair in pairs { scenes.join(folder(pair.path1), folder(pair.path2)) }
    return pairs.map { pair in
      PairCandidate(
        view(pair.path1, pair.crop1), view(pair.path2, pair.crop2),
        scene: scenes.representative(of: folder(pair.path1)), origin: pair.origin)
    }
  }
}
