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
    // ENVIRONMENT/DIFFICULTY/TRAJECTORY/image_left, of which all trajectories of an environment are one scene. What lies
    // above is not compared: each eye is an archive, which may have been unpacked into a folder of its own, even there.
    let place = path.folders.dropLast().filter { !$0.hasPrefix("image_") }.suffix(3)
    guard let environment = place.first, place.count == 3 else { return nil }
    let sequence = "\(place.joined(separator: "/"))/\(direction)"
    return StereoView(side, pair: "\(sequence)/\(number)", scene: environment, sequence: sequence)
  }
}
