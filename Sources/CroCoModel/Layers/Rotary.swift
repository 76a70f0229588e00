import Kernels

/// Rotary position embedding of queries and keys.
struct Rotary {
  private let rotation: Rotation
  private let positions: UnsafePointer<Int32>

  /// Angles for heads of `shape` on a grid of patches.
  ///
  /// - Parameter positions: the patch index of each row: [rows].
  init(
    _ shape: StackShape, grid: (rows: Int, columns: Int), base: Float, positions: UnsafePointer<Int32>, in arena: Arena
  ) {
    let headSize = shape.dimension / shape.headCount
    func table(_ choose: @escaping (_ tables: (cosine: [Float], sine: [Float])) -> [Float]) -> UnsafePointer<Float> {
      arena.table(grid.rows * grid.columns * headSize / 2) {
        choose(PositionTable.rotary(headSize: headSize, rows: grid.rows, columns: grid.columns, base: base))
      }
    }
    rotation = Rotation(cosine: table(\.cosine), sine: table(\.sine), headSize: headSize)
    self.positions = positions
  }

  /// Turns all heads of queries and keys in place, of a range of all rows.
  func turn<Element: MatrixElement>(
    _ operands: AttentionOperands<Element>, rows: Range<Int>, _ direction: Rotation.Direction
  ) {
    rotation.turn(operands.query, positions: positions + rows.lowerBound, direction)
    rotation.turn(operands.key, positions: positions + rows.lowerBound, direction)
  }
}
