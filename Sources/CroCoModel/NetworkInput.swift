import Kernels

/// Pairs of images as a network takes them, with whatever owns their memory: valid as long as it is held.
package struct NetworkInput: @unchecked Sendable {
  /// View 1, the image to complete, normalised: [B, 3 * H * W].
  package let view1: Matrix
  /// View 2, the reference, normalised: [B, 3 * H * W].
  package let view2: Matrix
  /// 1 = masked, raster order, ``ModelConfiguration/maskedCount`` ones a row: [B, N].
  package let mask: MatrixView<UInt8>

  private let owner: Any

  /// Views memory that `owner` keeps alive.
  package init(view1: Matrix, view2: Matrix, mask: MatrixView<UInt8>, owner: Any) {
    precondition(
      view1.rows == mask.rows && view2.rows == mask.rows && view1.columns == view2.columns,
      "views of \(view1.rows) and \(view2.rows) images do not fit masks of \(mask.rows)")
    (self.view1, self.view2, self.mask, self.owner) = (view1, view2, mask, owner)
  }
}
