internal import CTransformer

/// An image [3, H, W] cut into square patches, which are numbered row by row.
package struct PatchGrid: Sendable {
  /// Pixels of a patch's side, p.
  package let patchSize: Int
  /// Pixels of the image, H and W.
  package let height: Int, width: Int

  /// A grid of whole patches.
  package init(patchSize: Int, height: Int, width: Int) {
    precondition(
      height % patchSize == 0 && width % patchSize == 0, "\(height)x\(width) is not made of patches of \(patchSize)")
    (self.patchSize, self.height, self.width) = (patchSize, height, width)
  }

  private var columns: Int { width / patchSize }

  /// patches[i] = patch index[i] of the image in (channel, row, column) order, as the patch embedding's weight has it:
  /// [count, 3 p^2] (`croco_gather_patches`).
  package func gather<Element: MatrixElement>(
    _ image: UnsafePointer<Float>, at index: UnsafePointer<Int32>, into patches: MatrixView<Element>
  ) {
    precondition(patches.isContiguous, "patches are gathered into rows without gaps")
    Element.passes.pointee.gatherPatches(
      image, index, patches.pointer.stored, patches.rows, patchSize, columns, height, width)
  }

  /// The transpose of ``gather(_:at:into:)``: adds patches [count, 3 p^2] to an image (`croco_scatter_patches`).
  package func scatter(
    _ patches: Matrix, at index: UnsafePointer<Int32>, addingTo image: UnsafeMutablePointer<Float>
  ) {
    precondition(patches.isContiguous, "patches are scattered from rows without gaps")
    croco_scatter_patches(patches.pointer, index, image, patches.rows, patchSize, columns, height, width)
  }

  /// One patch in the (row, column, channel) order of prediction and target: [3 p^2] (`croco_patch_channel_last`).
  package func copyChannelLast(
    _ patch: Int, of image: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>
  ) {
    let (row, column) = patch.quotientAndRemainder(dividingBy: columns)
    croco_patch_channel_last(image, target, row, column, patchSize, height, width)
  }
}
