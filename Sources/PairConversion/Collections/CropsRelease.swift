import Foundation
import PairData
import Runtime
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
package enum CropsRelease {
  /// The tree that is expected, in one line.
  package static let tree: Advice =
    "crops_release.txt, and with \(.imageFolder) the folder of the original images that it names"

  /// The sense in which view 2 is turned.
  package enum Rotation: String, Sendable, CaseIterable {
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
  package static func pairs(
    list: String, images: String, rotation: Rotation = .counterclockwise
  ) throws -> [PairCandidate] {
    let name = (list as NSString).lastPathComponent
    var originals: [Originals] = []
    var crops: [Crops] = []
    for (number, line) in try CollectionFolder.lines(of: list).enumerated() {
      func failure(_ reason: String) -> Failure {
        Failure(.badData, "\(name):\(number + 1) \(reason)", hint: "Expected: \(tree).")
      }
      if let edges = edges(line) {
        guard let pair = originals.last else { throw failure("is a box before the first pair of images.") }
        guard let box1 = box(edges[0..<4]), let box2 = box(edges[4..<8]) else {
          throw failure("is no pair of boxes in images: \(line.prefix(80))")
        }
        crops.append(
          Crops(
            originals: originals.count - 1, line: number + 1, crop1: ImageCrop(box: box1),
            crop2: ImageCrop(box: box2, quarterTurns: pair.quarterTurns)))
      } else if let pair = Originals(line, rotation) {
        originals.append(pair)
      } else if !line.allSatisfy(\.isWhitespace), line.first != "#" {
        throw failure("is neither \"image 1, image 2, rotation\" nor a box of eight numbers: \(line.prefix(80))")
      }
    }
    guard !crops.isEmpty else { throw Failure(.badData, "\(list) lists no crop.", hint: "Expected: \(tree).") }
    return candidates(crops, of: originals, list: name, images: images)
  }

  /// What a pair line says.
  private struct Originals {
    let path1: String
    let path2: String
    /// Counterclockwise, of view 2.
    let quarterTurns: Int

    var folders: (String, String) { (Self.folder(path1), Self.folder(path2)) }

    /// Nil where the line is no pair line.
    init?(_ line: Substring, _ rotation: Rotation) {
      let fields = line.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      guard fields.count == 3, !fields[0].isEmpty, !fields[1].isEmpty, !fields[0].hasPrefix("#"),
        let value = Int(fields[2]), (0...3).contains(value) || value % 90 == 0
      else { return nil }
      (path1, path2) = (fields[0], fields[1])
      let quarters = (0...3).contains(value) ? value : value / 90 % 4
      quarterTurns =
        switch rotation {
        case .counterclockwise: quarters
        case .clockwise: -quarters
        case .none: 0
        }
    }

    private static func folder(_ path: String) -> String {
      let folder = (path as NSString).deletingLastPathComponent
      return folder.isEmpty ? "." : folder
    }
  }

  /// What a line of boxes says.
  private struct Crops {
    let originals: Int
    let line: Int
    let crop1: ImageCrop
    let crop2: ImageCrop
  }

  /// The eight numbers of a line of boxes, or nil where it is another line. Byte by byte: there are millions.
  private static func edges(_ line: Substring) -> [Int]? {
    var numbers: [Int] = []
    var digits = 0
    var value = 0
    var isOver = false  // A blank has ended the number.
    for byte in line.utf8 {
      switch byte {
      case 0x30...0x39:
        guard digits < 9, !isOver else { return nil }
        value = value * 10 + Int(byte - 0x30)
        digits += 1
      case UInt8(ascii: ","):
        guard digits > 0 else { return nil }
        numbers.append(value)
        (digits, value, isOver) = (0, 0, false)
      case UInt8(ascii: " "), UInt8(ascii: "\t"):
        isOver = digits > 0
      default:
        return nil
      }
    }
    if digits > 0 { numbers.append(value) }
    return numbers.count == 8 ? numbers : nil
  }

  /// The box of left, right, top and bottom, or nil where it holds no pixel of any image.
  private static func box(_ edges: ArraySlice<Int>) -> PixelWindow? {
    let (left, right, top, bottom) = (
      edges[edges.startIndex], edges[edges.startIndex + 1], edges[edges.startIndex + 2], edges[edges.startIndex + 3]
    )
    guard right > left, bottom > top, right <= ImageLimits.side, bottom <= ImageLimits.side else { return nil }
    return PixelWindow(x: left, y: top, width: right - left, height: bottom - top)
  }

  private static func candidates(
    _ crops: [Crops], of originals: [Originals], list: String, images: String
  ) -> [PairCandidate] {
    var components = ConnectedComponents()
    let folders = originals.map(\.folders)
    for (folder1, folder2) in folders { components.join(folder1, folder2) }
    let scenes = folders.map { components.representative(of: $0.0) }
    func view(_ path: String, _ crop: ImageCrop) -> PairCandidate.View {
      let box = crop.box
      let turn = crop.quarterTurns == 0 ? "" : ", turned \(90 * crop.quarterTurns)"
      let source = "\(path) [\(box.x):\(box.x + box.width), \(box.y):\(box.y + box.height)\(turn)]"
      return PairCandidate.View(path: images.appending(path: path), source: source, crop: crop)
    }
    return crops.map { crop in
      let pair = originals[crop.originals]
      return PairCandidate(
        view(pair.path1, crop.crop1), view(pair.path2, crop.crop2), scene: scenes[crop.originals],
        origin: "\(list):\(crop.line)")
    }
  }
}
