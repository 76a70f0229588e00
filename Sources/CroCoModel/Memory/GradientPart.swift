import Runtime

/// A share of forming parameter gradients: one of `count` pieces of each layer's weight gradient.
struct GradientPart {
  let index: Int
  let count: Int
  /// Whether gradients are added to what is there, as in all passes of a micro-batch but the first.
  let adds: Bool

  /// The part's piece of a weight gradient.
  func piece(rows: Int, columns: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    Partition.piece(index, of: count, rows: rows, columns: columns)
  }
}
