import Runtime

/// KITTI Stereo 2012 and 2015.
package enum KITTI: StereoLayout {
  package static let command = "kitti"
  package static let title = "KITTI 2012 or 2015"
  package static let tree: Advice =
    "kitti/{training,testing}/colored_{0,1}/000000_10.png (2012) or /image_{2,3}/000000_10.png (2015)"

  package static func view(_ path: ImagePath) -> StereoView? {
    let (year, side): (String, StereoView.Side)
    switch path.folder(1) {
    case "colored_0": (year, side) = ("2012", .left)
    case "colored_1": (year, side) = ("2012", .right)
    case "image_2": (year, side) = ("2015", .left)
    case "image_3": (year, side) = ("2015", .right)
    default: return nil
    }
    // 000000_10 and 000000_11 are two moments of drive 000000.
    let drive = path.stem.prefix { $0 != "_" }
    let place = "\(path.path(above: 2))/\(year)"
    return StereoView(
      side, pair: "\(place)/\(path.stem)", scene: "\(year)/\(path.folder(2))/\(drive)", sequence: "\(place)/\(drive)")
  }
}
