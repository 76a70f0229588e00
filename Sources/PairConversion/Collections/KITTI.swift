import Runtime

/// KITTI: stereo 2012 and 2015, odometry, raw recordings, tracking and object detection, in colour and in grey.
package enum KITTI: StereoLayout {
  package static let command = "kitti"
  package static let title = "KITTI (stereo 2012 and 2015, odometry, raw, tracking, object)"
  package static let tree: Advice =
    """
    kitti/{training,testing}/{colored,image}_{0,1}/000000_10.png (2012) or /image_{2,3}/000000_10.png (2015),\
     sequences/00/image_{0,1,2,3}/000000.png (odometry), DATE_drive_0001_sync/image_{00,01,02,03}/data/0000000000.png (raw)
    """

  package static func view(_ path: ImagePath) -> StereoView? {
    if path.folder(1) == "data" { return camera(path.folder(2)).map { recording($0, path, drive: 3) } }
    if let camera = camera(path.folder(1)) {
      if camera.isOfRecording { return recording(camera, path, drive: 2) }
      return path.stem.contains("_") ? benchmark(camera, path) : sequence(camera, path)
    }
    guard isNumber(path.folder(1)), let camera = camera(path.folder(2)), camera.isOfRecording else { return nil }
    return tracking(camera, path)
  }

  /// One of the four cameras on the car.
  private struct Camera {
    let side: StereoView.Side
    let isGrey: Bool
    /// Whether it is written with two digits, as in raw recordings and tracking.
    var isOfRecording = false

    /// Tells the two pairs of cameras apart.
    var pair: String { isGrey ? "grey" : "colour" }
  }

  private static func camera(_ folder: String) -> Camera? {
    switch folder {
    case "image_0": Camera(side: .left, isGrey: true)
    case "image_1": Camera(side: .right, isGrey: true)
    case "image_2", "colored_0": Camera(side: .left, isGrey: false)
    case "image_3", "colored_1": Camera(side: .right, isGrey: false)
    case "image_00": Camera(side: .left, isGrey: true, isOfRecording: true)
    case "image_01": Camera(side: .right, isGrey: true, isOfRecording: true)
    case "image_02": Camera(side: .left, isGrey: false, isOfRecording: true)
    case "image_03": Camera(side: .right, isGrey: false, isOfRecording: true)
    default: nil
    }
  }

  /// Stereo 2012 and 2015: 000000_10 and 000000_11 are two moments of scene 000000.
  private static func benchmark(_ camera: Camera, _ path: ImagePath) -> StereoView {
    let year = camera.isGrey || path.folder(1).hasPrefix("colored") ? "2012" : "2015"
    let moment = path.stem.prefix { $0 != "_" }
    let place = "\(path.path(above: 2))/\(year)/\(camera.pair)"
    return StereoView(
      camera.side, pair: "\(place)/\(path.stem)", scene: "\(year)/\(path.folder(2))/\(moment)",
      sequence: "\(place)/\(moment)")
  }

  /// Odometry: `00/image_2/000000.png`. What lies above is not compared, since each eye may be an archive in a folder of its
  /// own. The frames of object detection, `training/image_2/000000.png`, are drawn from
  /// drives that their names do not tell: one scene without an order.
  private static func sequence(_ camera: Camera, _ path: ImagePath) -> StereoView {
    let isSequence = isNumber(path.folder(2))
    let scene = (isSequence ? "odometry/" : "object/") + path.folder(2)
    let place = "\(scene)/\(camera.pair)"
    return StereoView(camera.side, pair: "\(place)/\(path.stem)", scene: scene, sequence: isSequence ? place : nil)
  }

  /// Raw recordings: `2011_09_26_drive_0001_sync/image_02/data/0000000000.png`, or without the folder data. The drive is the
  /// scene, rectified (sync) or not (extract).
  private static func recording(_ camera: Camera, _ path: ImagePath, drive: Int) -> StereoView {
    let folder = path.folder(drive)
    let place = "\(path.path(above: drive))/\(camera.pair)"
    return StereoView(
      camera.side, pair: "\(place)/\(path.stem)",
      scene: "raw/" + (folder.removing(suffix: "_sync") ?? folder.removing(suffix: "_extract") ?? folder),
      sequence: place)
  }

  /// Tracking: `training/image_02/0000/000000.png`.
  private static func tracking(_ camera: Camera, _ path: ImagePath) -> StereoView {
    let scene = "tracking/\(path.folder(3))/\(path.folder(1))"
    let place = "\(scene)/\(camera.pair)"
    return StereoView(camera.side, pair: "\(place)/\(path.stem)", scene: scene, sequence: place)
  }

  private static func isNumber(_ folder: String) -> Bool { !folder.isEmpty && folder.allSatisfy(\.isNumber) }
}
