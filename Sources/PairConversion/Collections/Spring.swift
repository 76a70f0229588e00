import Runtime

/// Spring.
package enum Spring: StereoLayout {
  package static let command = "spring"
  package static let title = "Spring"
  package static let tree: Advice = "spring/{train,test}/0001/frame_{left,right}/frame_{left,right}_0001.png"

  package static func view(_ path: ImagePath) -> StereoView? {
    for (side, name) in [(StereoView.Side.left, "left"), (.right, "right")] where path.folder(1) == "frame_\(name)" {
      guard let number = path.stem.removing(prefix: "frame_\(name)_") else { return nil }
      // What lies above is not compared: each eye is an archive, which may have been unpacked into a folder of its own.
      let sequence = "\(path.folder(3))/\(path.folder(2))"
      return StereoView(side, pair: "\(sequence)/\(number)", scene: path.folder(2), sequence: sequence)
    }
    return nil
  }
}
