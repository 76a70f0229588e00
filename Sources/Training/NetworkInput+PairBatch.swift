import CroCoModel
import Kernels
import PairData

extension NetworkInput {
  /// A part of a batch as a network takes it; holds the batch.
  package init(_ part: PairBatch.Part) {
    let (batch, count) = (part.batch, part.pairs.count)
    self.init(
      view1: Matrix(part.view1, rows: count, columns: batch.imageCount),
      view2: Matrix(part.view2, rows: count, columns: batch.imageCount),
      mask: MatrixView(part.mask, rows: count, columns: batch.patchCount), owner: batch)
  }
}
