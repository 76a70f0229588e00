import Runtime

/// TartanAir, and the cameras of TartanAir V2.
package enum TartanAir: StereoLayout {
  package static let command = "tartanair"
  package static let title = "TartanAir"
  package static let tree: Advice =
    "tartanair/ENVIRONMENT/{Easy,Hard}/P000/image_{left,right}/000000_{left,right}.png, in V2"
    + " ENVIRONMENT/Data_{easy,hard}/P000/image_{lcam,rcam}_front/000000_{lcam,rcam}_front.png"

  package static func view(_ path: ImagePath) -> StereoView? {
    guard let camera = path.folder(1).removing(prefix: "image_"),
      let number = path.stem.removing(suffix: "_" + camera)
    else { return nil }
    let (side, direction): (StereoView.Side, String)
    if camera == "left" {
      (side, direction) = (.left, "")
    } else if camera == "right" {
      (side, direction) = (.right, "")
    } else if let name = camera.removing(prefix: "lcam_") {
      (side, direction) = (.left, name)
    } else if let name = camera.removing(prefix: "rcam_") {
      (side, direction) = (.right, name)
    } else {
      return nil
    }
    // All trajectories of an environment are one scene: ENVIRONMENT/DIFFICULTY/TRAJECTORY/image_left.
    let sequence = "\(path.path(above: 2))/\(direction)"
    return StereoView(side, pair: "\(sequence)/\(number)", scene: path.folder(4), sequence: sequence)
  }
}
