import Runtime

/// MPI Sintel: the stereo data, and the flow data, which has one camera.
package enum Sintel: StereoLayout {
  package static let command = "sintel"
  package static let title = "MPI Sintel"
  package static let tree: Advice =
    "MPI-Sintel-stereo/training/{clean,final}_{left,right}/alley_1/frame_0001.png, or with \(.pairKind) temporal also"
    + " MPI-Sintel/{training,test}/{clean,final}/alley_1/frame_0001.png"

  package static func view(_ path: ImagePath) -> StereoView? {
    let folder = path.folder(2)
    let pass: String
    let side: StereoView.Side
    if let name = folder.removing(suffix: "_left") {
      (pass, side) = (name, .left)
    } else if let name = folder.removing(suffix: "_right") {
      (pass, side) = (name, .right)
    } else {
      (pass, side) = (folder, .alone)
    }
    guard ["clean", "final"].contains(pass), path.stem.hasPrefix("frame_") else { return nil }
    let sequence = "\(path.path(above: 3))/\(pass)/\(path.folder(1))"
    // alley_1 and alley_2 are two shots of one place.
    return StereoView(
      side, pair: "\(sequence)/\(path.stem)", scene: path.folder(1).withoutNumber, sequence: sequence)
  }
}
