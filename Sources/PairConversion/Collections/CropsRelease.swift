import Foundation
import PairData
import Runtime
import Storage

/// The metadata of CroCo v2's crops, `crops_release.txt`, applied to the original images as their authors apply it.
///
/// A pair line `image 1, image 2, rotation` is followed by one line `l1, r1, t1, b1, l2, r2, t2, b2` for each pair of
/// crops: left, right, top and bottom edge of the box in each image, right and bottom exclusive.
///
/// - Boxes are in pixels of the stored images, without EXIF orientation, as structure from motion sees them. What sticks
///   out is black.
/// - A line `# scene NAME`, which lists of mined pairs have, gives the scene of the pairs after it.
/// - The rotation is in degrees. From -60 to 60 it is noise; else view 2 is turned counterclockwise by the nearest multiple of
///   90, once its crop is resized.
package enum CropsRelease {
  /// The tree that is expected, in one line.
  package static let tree: Advice =
    "crops_release.txt, and with \(.imageFolder) the folder of the original images that it names"

  /// The pairs of crops of a list. Where it names no scenes, folders of images that share a pair line are one.
  ///
  /// - Parameters:
  ///   - list: the path of `crops_release.txt`.
  ///   - images: the folder of the original images. Pairs of which one is missing are left out.
  ///   - log: receives a line that counts what is left out.
  /// - Throws: `Failure` of kind `noInput`, or `badData` that names the list and the line.
  package static func pairs(
    list: String, images: String, log: (String) -> Void = { _ in }
  ) throws -> [PairCandidate] {
    let name = (list as NSString).lastPathComponent
    var originals: [Originals] = []
    var crops: [Crops] = []
    var scene: String?
    for (number, line) in try CollectionFolder.lines(of: list).enumerated() {
      func failure(_ reason: String, hint: Advice = "Expected: \(tree).") -> Failure {
        Failure(.badData, "\(name):\(number + 1) \(reason)", hint: hint)
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
      } else if let pair = Originals(line, scene: scene) {
        originals.append(pair)
      } else if line.hasPrefix(sceneOpening) {
        scene = line.dropFirst(sceneOpening.count).trimmingCharacters(in: .whitespaces)
      } else if line.first == "#" {
        guard !line.contains("quarter turns") else {
          throw failure(
            "says that rotations are quarter turns, as lists of mined pairs had them before they had degrees.",
            hint: "Multiply them by 90 and change that line, or search for pairs again.")
        }
      } else if !line.allSatisfy(\.isWhitespace) {
        throw failure("is neither \"image 1, image 2, rotation\" nor a box of eight numbers: \(line.prefix(80))")
      }
    }
    guard !crops.isEmpty else { throw Failure(.badData, "\(list) lists no crop.", hint: "Expected: \(tree).") }
    unused(originals, crops).report(of: list, to: log)
    let found = try present(crops, of: originals, list: list, images: images, log: log)
    return candidates(found, of: originals, list: name, images: images)
  }

  /// What begins a line that names the scene of the pairs after it.
  package static let sceneOpening = "# scene "

  /// What a pair line says.
  private struct Originals {
    let path1: String
    let path2: String
    /// Counterclockwise, of view 2.
    let quarterTurns: Int
    /// Named before; nil: the folders tell.
    let scene: String?

    var folders: (String, String) { (Self.folder(path1), Self.folder(path2)) }

    /// Nil where the line is no pair line.
    init?(_ line: Substring, scene: String?) {
      // Names may hold a comma that no blank follows.
      let wide = line.components(separatedBy: ", ")
      let fields = (wide.count == 3 ? wide : line.components(separatedBy: ","))
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard fields.count == 3, !fields[0].isEmpty, !fields[1].isEmpty, !fields[0].hasPrefix("#"),
        let degrees = Int(fields[2])
      else { return nil }
      (path1, path2) = (fields[0].plainPath, fields[1].plainPath)
      self.scene = scene
      quarterTurns = Self.quarterTurns(degrees)
    }

    /// Rotations are estimates: small ones are noise. Ties go to even numbers of quarters, as Python rounds.
    private static func quarterTurns(_ degrees: Int) -> Int {
      if (-60...60).contains(degrees) { return 0 }
      return Int((Double(degrees % 360) / 90).rounded(.toNearestOrEven))
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
    var sign = 1
    var isOver = false  // A blank has ended the number.
    for byte in line.utf8 {
      switch byte {
      case 0x30...0x39:
        guard digits < 9, !isOver else { return nil }
        value = value * 10 + Int(byte - 0x30)
        digits += 1
      case UInt8(ascii: ","):
        guard digits > 0 else { return nil }
        numbers.append(sign * value)
        (digits, value, sign, isOver) = (0, 0, 1, false)
      case UInt8(ascii: "-"):
        guard digits == 0, sign == 1 else { return nil }
        sign = -1
      case UInt8(ascii: " "), UInt8(ascii: "\t"):
        isOver = digits > 0
      default:
        return nil
      }
    }
    if digits > 0 { numbers.append(sign * value) }
    return numbers.count == 8 ? numbers : nil
  }

  /// The box of left, right, top and bottom, or nil where it is empty or larger than any image.
  private static func box(_ edges: ArraySlice<Int>) -> PixelWindow? {
    let (left, right, top, bottom) = (
      edges[edges.startIndex], edges[edges.startIndex + 1], edges[edges.startIndex + 2], edges[edges.startIndex + 3]
    )
    guard right > left, bottom > top, right - left <= ImageLimits.side, bottom - top <= ImageLimits.side else {
      return nil
    }
    return PixelWindow(x: left, y: top, width: right - left, height: bottom - top)
  }

  /// The images that only pair lines without boxes name.
  private static func unused(_ originals: [Originals], _ crops: [Crops]) -> UnusedImages {
    func paths(_ pairs: some Sequence<Originals>) -> [String] { pairs.flatMap { [$0.path1, $0.path2] } }
    var seen = Set(paths(Set(crops.map(\.originals)).lazy.map { originals[$0] }).map { ExactText($0) })
    var unused = UnusedImages()
    for path in paths(originals) where seen.insert(ExactText(path)).inserted {
      unused.add(path, because: "no box follows their pairs")
    }
    return unused
  }

  /// The crops whose images are there.
  private static func present(
    _ crops: [Crops], of originals: [Originals], list: String, images: String, log: (String) -> Void
  ) throws -> [Crops] {
    var isPresent: [ExactText: Bool] = [:]
    var missing: [String] = []
    for path in originals.flatMap({ [$0.path1, $0.path2] }) where isPresent[ExactText(path)] == nil {
      let exists = FileSystem.exists(images.appending(path: path))
      isPresent[ExactText(path)] = exists
      if !exists { missing.append(path) }
    }
    guard !missing.isEmpty else { return crops }
    let names = missing.firstNames
    let found = crops.filter {
      isPresent[ExactText(originals[$0.originals].path1)] == true
        && isPresent[ExactText(originals[$0.originals].path2)] == true
    }
    let count = "\(missing.count) of the \(isPresent.count) images of \(list) are missing in \(images)"
    guard !found.isEmpty else {
      throw Failure(
        .noInput, "\(count), so that no pair is left (\(names)).", hint: "Check \(.imageFolder). Expected: \(tree).")
    }
    log("\(count) (\(names)); \(crops.count - found.count) of \(crops.count) pairs of crops are left out")
    return found
  }

  private static func candidates(
    _ crops: [Crops], of originals: [Originals], list: String, images: String
  ) -> [PairCandidate] {
    var components = ConnectedComponents()
    for pair in originals where pair.scene == nil { components.join(pair.folders.0, pair.folders.1) }
    let scenes = originals.map { $0.scene ?? components.representative(of: $0.folders.0) }
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
