import Runtime

/// Middlebury Stereo 2005, 2006, 2014, 2021 and MiddEval3.
package enum Middlebury: StereoLayout {
  package static let command = "middlebury"
  package static let title = "Middlebury Stereo"
  package static let tree: Advice =
    "middlebury/**/SCENE/im0.png, im1.png (2014, 2021) or SCENE/view1.png, view5.png (2005, 2006)"

  package static func view(_ path: ImagePath) -> StereoView? {
    let (cameras, side): (String, StereoView.Side)
    switch path.stem {
    case "im0": (cameras, side) = ("im", .left)
    case "im1": (cameras, side) = ("im", .right)
    case "view1": (cameras, side) = ("view", .left)
    case "view5": (cameras, side) = ("view", .right)
    default: return nil
    }
    return StereoView(side, pair: "\(path.path(above: 1))/\(cameras)", scene: scene(path.folders))
  }

  /// Exposures, lightings, calibrations and numbered views of one set-up are one scene: Art/Illum1/Exp0 belongs to Art,
  /// Adirondack-imperfect to Adirondack, Baby1 and Baby2 to Baby.
  private static func scene(_ folders: [String]) -> String {
    let exposures = ["Illum", "Exp"]
    let name = folders.last { folder in !exposures.contains { folder.hasPrefix($0) } } ?? ""
    return (name.removing(suffix: "-imperfect") ?? name.removing(suffix: "-perfect") ?? name).withoutNumber
  }
}
