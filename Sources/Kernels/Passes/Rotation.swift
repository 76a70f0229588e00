/// Rotary position embedding of heads: the tables of angles.
///
/// Source: Su et al., "RoFormer", 2021, in two dimensions as in CroCo v2.
package struct Rotation {
  /// Cosines by patch, row angles then column angles: [N, head size / 2].
  package let cosine: UnsafePointer<Float>
  /// Sines likewise.
  package let sine: UnsafePointer<Float>
  /// Channels of a head, d.
  package let headSize: Int

  /// Which way heads turn.
  package enum Direction: Float {
    /// As the position says.
    case forward = 1
    /// Back, which is the transpose: for gradients.
    case back = -1
  }

  /// Views the tables, which the caller keeps alive.
  package init(cosine: UnsafePointer<Float>, sine: UnsafePointer<Float>, headSize: Int) {
    (self.cosine, self.sine, self.headSize) = (cosine, sine, headSize)
  }

  /// Turns all heads of rows in place: [rows, heads * d] (`croco_rotate`).
  ///
  /// - Parameter positions: the patch index of each row.
  package func turn<Element: MatrixElement>(
    _ x: MatrixView<Element>, positions: UnsafePointer<Int32>, _ direction: Direction
  ) {
    precondition(x.columns % headSize == 0, "\(x.columns) channels are not heads of \(headSize)")
    Element.passes.pointee.rotate(
      x.pointer.stored, x.stride, positions, cosine, sine, direction.rawValue, x.rows, x.columns / headSize, headSize)
  }
}
