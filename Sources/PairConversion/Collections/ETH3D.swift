import Runtime

/// ETH3D low-resolution two-view stereo. The multi-view sets hold COLMAP models: see ``ColmapPairs``.
package enum ETH3D: StereoLayout {
  package static let command = "eth3d"
  package static let title = "ETH3D two-view stereo"
  package static let tree: Advice =
    "eth3d/two_view_{training,test}/SCENE_1l/im0.png, im1.png (for the multi-view sets: \(.colmapConversion))"

  package static func view(_ path: ImagePath) -> StereoView? {
    guard let side: StereoView.Side = path.stem == "im0" ? .left : path.stem == "im1" ? .right : nil else { return nil }
    return StereoView(side, pair: path.path(above: 1), scene: scene(path.folder(1)))
  }

  /// terrace_1s and terrace_2s show one place: 1l and 1s number its pairs, l and s are their size.
  private static func scene(_ folder: String) -> String {
    guard let last = folder.last, "ls".contains(last), folder.dropLast().last?.isNumber == true else { return folder }
    return folder.dropLast().withoutNumber.withoutNumber
  }
}
