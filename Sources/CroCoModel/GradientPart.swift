import Tensors

/// A share of forming parameter gradients: one of `count` pieces of each layer's weight gradient.
struct GradientPart {
  let index: Int
  let count: Int
  /// Whether gradients are added to what is there, as in all passes of a micro-batch but the first.
  let adds: Bool

  /// The part's piece of a matrix [rows, columns]: the cut into `count` whose pieces together read least of the factors
  /// whose product it is, of which each piece reads whole rows and whole columns.
  func ranges(rows: Int, columns: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let across = (1...count).filter { count % $0 == 0 }.min {
      $0 * rows + count / $0 * columns < $1 * rows + count / $1 * columns
    }!
    return (
      Partition.range(index / across, of: count / across, count: rows, grain: 16),
      Partition.range(index % across, of: across, count: columns, grain: 32)
    )
  }
}
