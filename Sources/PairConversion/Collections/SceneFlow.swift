import Runtime

/// The Scene Flow data sets of Freiburg: FlyingThings3D, Driving, Monkaa.
package enum SceneFlow: StereoLayout {
  package static let command = "sceneflow"
  package static let title = "SceneFlow (FlyingThings3D, Driving, Monkaa)"
  package static let tree: Advice =
    "SceneFlow/{FlyingThings3D,Driving,Monkaa}/frames_{clean,final}pass/**/{left,right}/0001.png"

  package static func view(_ path: ImagePath) -> StereoView? {
    let side: StereoView.Side
    switch path.folder(1) {
    case "left": side = .left
    case "right": side = .right
    default: return nil
    }
    guard let pass = path.folders.lastIndex(where: { $0.hasPrefix("frames_") }) else { return nil }
    let sequence = path.path(above: 2)
    return StereoView(
      side, pair: "\(sequence)/\(path.stem)", scene: scene(path.folders, pass: pass), sequence: sequence)
  }

  /// Clean and final pass show the same; all of Driving is one street.
  private static func scene(_ folders: [String], pass: Int) -> String {
    let inner = folders[(pass + 1)...].dropLast()
    if inner.contains(where: { $0.hasSuffix("mm_focallength") }) { return "Driving" }
    let part = pass > 0 ? folders[pass - 1] : ""
    return ([part] + inner).joined(separator: "/")
  }
}
