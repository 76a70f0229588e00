import CroCoModel
import Runtime
import Storage

/// Which grid the sine-cosine tables of weights were formed for.
extension ModelConfiguration {
  /// Whether two tables are the same but for the rounding of the file, which may be that of bf16.
  static func areEqualTables(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 5e-3 }
  }

  /// The grid [rows, columns] of a table: its own, or the square one from which it was interpolated to this network's grid.
  /// nil where it is neither.
  func positionGrid(of table: [Float], dimension: Int) -> [Int]? {
    let count = table.count / dimension
    for rows in 1...max(1, count) where count % rows == 0 {
      let formed = PositionTable.sineCosine(dimension: dimension, rows: rows, columns: count / rows)
      if Self.areEqualTables(table, formed) { return [rows, count / rows] }
    }
    guard count == patchCount else { return nil }
    var candidate = self
    for side in 1...Self.largestSide {
      candidate.positionGrid = [side, side]
      if Self.areEqualTables(table, candidate.sineCosineTable(dimension: dimension)) { return [side, side] }
    }
    return nil
  }

  /// Sets ``positionGrid`` to that of a file's table for the encoder, which the official arguments do not tell.
  ///
  /// - Throws: `Failure` of kind `badData` where the network cannot form the table.
  mutating func adoptPositionGrid(of file: any TensorFile) throws(Failure) {
    let name = "enc_pos_embed"
    guard positionEmbedding == .cosine, file.tensor(named: name)?.shape == [patchCount, encoderDimension] else {
      return
    }
    let table = try file.floats(of: name)
    guard !Self.areEqualTables(table, sineCosineTable(dimension: encoderDimension)) else { return }
    guard let grid = positionGrid(of: table, dimension: encoderDimension) else {
      throw Failure(
        .badData, "\(file.path) has a table \(name) of its own, which croco cannot form.",
        hint: "Use weights with the sine-cosine tables of CroCo.")
    }
    positionGrid = grid
  }

  // Patches along the side of an image at 1024 pixels and patches of 16.
  private static let largestSide = 64
}
