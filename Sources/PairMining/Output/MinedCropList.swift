import PairConversion
import PairData
import Runtime

/// Writes aligned crops in the layout of CroCo v2's `crops_release.txt`, which ``CropsRelease`` reads: a line
/// `image 1, image 2, rotation`, then a line `l1, r1, t1, b1, l2, r2, t2, b2` for each pair of boxes. Before the pairs of a scene
/// a comment names it.
///
/// Boxes are in pixels of the stored image, whatever its EXIF orientation says, right and bottom exclusive; the rotation is
/// by how many degrees view 2 has to be turned counterclockwise: 0, 90, 180 or 270.
struct MinedCropList {
  let result: MiningResult
  /// What the names of images are relative to.
  let root: String
  let scenes: SceneNames
  let naming: (Advice.Term) -> String?

  /// The file's text, or nil where there is no crop, and how many pairs with crops it cannot hold: names with commas, mirrored
  /// images.
  func text() -> (text: String?, leftOut: Int) {
    var lines: [String] = []
    var leftOut = 0
    var scene: String?
    for pair in result.acceptedPairs where !pair.crops.isEmpty {
      let names = [pair.first, pair.second].map { name(of: result.images[$0].path) }
      let orientations = [pair.first, pair.second].map { result.orientations[$0] }
      guard let turns = Self.turns(pair, orientations), !names.contains(where: { !Self.survives($0) }) else {
        leftOut += 1
        continue
      }
      let ownScene = scenes.name(of: result.scenes[pair.first])
      if ownScene != scene { lines.append(CropsRelease.sceneOpening + ownScene) }
      scene = ownScene
      lines.append("\(names[0]), \(names[1]), \(90 * turns)")
      for crop in pair.crops {
        let sizes = [result.sizes[pair.first], result.sizes[pair.second]]
        let edges = zip(zip([crop.first, crop.second], orientations), sizes).flatMap { boxed, size in
          Self.edges(boxed.0.stored(as: boxed.1, shownWidth: size.width, shownHeight: size.height))
        }
        lines.append(edges.map(String.init).joined(separator: ", "))
      }
    }
    guard !lines.isEmpty else { return (nil, leftOut) }
    let use: Advice = """
      # Aligned crops found by \(.mining): \(.cropConversion) \(MiningOutput.cropsName) \(.imageFolder) \(root) \
      \(.output) data \(.imageSize) 224
      """
    let header = [
      use.text(naming: naming),
      "# image 1, image 2, degrees by which view 2 is turned; then left, right, top, bottom of both boxes in stored pixels",
    ]
    return ((header + lines).joined(separator: "\n") + "\n", leftOut)
  }

  private func name(of path: String) -> String { String(path.dropFirst(root == "/" ? 1 : root.count + 1)) }

  private static func survives(_ name: String) -> Bool {
    !name.contains(",") && !name.hasPrefix("#") && name.first?.isWhitespace == false && name.last?.isWhitespace == false
  }

  /// Quarter turns of the stored view 2 to the stored view 1, or nil for mirrored images.
  private static func turns(_ pair: PairMeasurement, _ orientations: [Orientation]) -> Int? {
    guard let first = orientations[0].quarterTurns, let second = orientations[1].quarterTurns else { return nil }
    return (second + pair.quarterTurns - first + 4) % 4
  }

  private static func edges(_ box: PixelWindow) -> [Int] { [box.x, box.x + box.width, box.y, box.y + box.height] }
}

extension Orientation {
  /// By how many quarters stored pixels are turned counterclockwise to be shown, or nil where they are mirrored.
  var quarterTurns: Int? {
    switch self {
    case .upright: 0
    case .turnLeft: 1
    case .upsideDown: 2
    case .turnRight: 3
    default: nil
    }
  }
}

extension PixelWindow {
  /// The same window among the stored pixels of an image that is shown with an orientation without mirroring.
  func stored(as orientation: Orientation, shownWidth: Int, shownHeight: Int) -> PixelWindow {
    switch orientation {
    case .turnRight: PixelWindow(x: y, y: shownWidth - x - width, width: height, height: width)
    case .turnLeft: PixelWindow(x: shownHeight - y - height, y: x, width: height, height: width)
    case .upsideDown:
      PixelWindow(x: shownWidth - x - width, y: shownHeight - y - height, width: width, height: height)
    default: self
    }
  }
}
