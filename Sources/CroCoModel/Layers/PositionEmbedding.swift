import Kernels

/// How the tokens of an encoder or decoder know their places: a fixed table that is added to the tokens, or a rotation of
/// queries and keys. Either is made for one grid, so networks of several image sizes can share parameters.
struct PositionEmbedding {
  /// The patch index of each row: [rows].
  let positions: UnsafePointer<Int32>
  /// Turns queries and keys, if anything does.
  let rotary: Rotary?

  private let table: UnsafePointer<Float>?  // [N, C]

  /// - Parameters:
  ///   - name: the official name of the table, of networks that have one.
  ///   - positions: the patch index of each row: [rows].
  init<Element>(
    _ name: String, _ configuration: ModelConfiguration, _ shape: StackShape, at positions: UnsafePointer<Int32>,
    in plan: NetworkPlan<Element>
  ) {
    self.positions = positions
    let (rows, columns) = (configuration.gridHeight, configuration.gridWidth)
    switch configuration.positionEmbedding {
    case .cosine:
      let table = FixedTable(name: name, shape: [rows * columns, shape.dimension]) {
        configuration.sineCosineTable(dimension: shape.dimension)
      }
      plan.parameters.declare(table)
      self.table = plan.kept.table(rows * columns * shape.dimension, table.values)
      rotary = nil
    case .rope(let base):
      rotary = Rotary(shape, grid: (rows, columns), base: base, positions: positions, in: plan.kept)
      table = nil
    }
  }

  /// Adds the table's row of each token's place: rows `range` of all, [range, C].
  func add(to tokens: Matrix, rows range: Range<Int>) {
    guard let table else { return }
    for (row, place) in range.enumerated() {
      addVector(table + Int(positions[place]) * tokens.columns, to: tokens.row(row), count: tokens.columns)
    }
  }
}
