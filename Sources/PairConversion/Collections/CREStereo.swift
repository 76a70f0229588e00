import Runtime

/// The synthetic pairs of CREStereo.
package enum CREStereo: StereoLayout {
  package static let command = "crestereo"
  package static let title = "CREStereo"
  package static let tree: Advice = "crestereo/{hole,reflective,shapenet,tree}/**/X_left.jpg, X_right.jpg"

  package static func view(_ path: ImagePath) -> StereoView? {
    for (side, name) in [(StereoView.Side.left, "_left"), (.right, "_right")] {
      if let number = path.stem.removing(suffix: name) {
        // Each pair is rendered from objects of its own.
        return StereoView(side, pair: "\(path.path(above: 1))/\(number)", scene: "\(path.folder(1))/\(number)")
      }
    }
    return nil
  }
}
