import Runtime

/// The Scene Flow data sets of Freiburg: FlyingThings3D, Driving, Monkaa.
package enum SceneFlow: StereoLayout {
  package static let command = "sceneflow"
  package static let title = "SceneFlow (FlyingThings3D, Driving, Monkaa)"
  package static let tree: Advice =
    """
    SceneFlow/{FlyingThings3D,Driving,Monkaa}/frames_{clean,final}pass/**/{left,right}/0001.png, or side by side\
     SceneFlow/{,driving_,monkaa_}frames_{clean,final}pass/**; either may end with _webp
    """

  package static func view(_ path: ImagePath) -> StereoView? {
    let side: StereoView.Side
    switch path.folder(1) {
    case "left": side = .left
    case "right": side = .right
    default: return nil
    }
    guard let pass = path.folders.lastIndex(where: isPass) else { return nil }
    let sequence = path.path(above: 2)
    return StereoView(
      side, pair: "\(sequence)/\(path.stem)", scene: scene(path.folders[(pass + 1)...].dropLast()), sequence: sequence)
  }

  /// `frames_cleanpass`, `driving_frames_finalpass`, `monkaa_frames_cleanpass_webp`, ...
  private static func isPass(_ folder: String) -> Bool {
    let name = folder.removing(suffix: "_webp") ?? folder
    return ["frames_cleanpass", "frames_finalpass"].contains { name == $0 || name.hasSuffix("_" + $0) }
  }

  /// Both passes show the same, in PNG as in WebP, and wherever the folder of the pass lies; all of Driving is one street.
  ///
  /// - Parameter inner: the folders between that of the pass and those of the eyes, which are the three parts' own.
  private static func scene(_ inner: ArraySlice<String>) -> String {
    if inner.contains(where: { $0.hasSuffix("mm_focallength") }) { return "Driving" }
    let part = ["TRAIN", "TEST"].contains(inner.first) ? "FlyingThings3D" : "Monkaa"
    return ([part] + inner).joined(separator: "/")
  }
}
