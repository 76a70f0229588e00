/// Splits of work whose boundaries depend on sizes alone, never on the number of threads that run them: a row's GEMM result
/// may depend on where its slab begins and ends.
package enum Partition {
  /// Part `index` of `parts` nearly equal ranges of 0 ..< `count`, with boundaries at multiples of `grain`.
  package static func range(_ index: Int, of parts: Int, count: Int, grain: Int = 1) -> Range<Int> {
    let units = (count + grain - 1) / grain
    let start = min(count, units * index / parts * grain)
    let end = min(count, units * (index + 1) / parts * grain)
    return start..<end
  }

  /// Piece `index` of `parts` of a matrix [rows, columns] that is the product of two factors: the cut whose pieces together
  /// read least of them, as each reads whole rows of one and whole columns of the other. Some pieces of a small matrix are
  /// empty.
  package static func piece(
    _ index: Int, of parts: Int, rows: Int, columns: Int
  ) -> (rows: Range<Int>, columns: Range<Int>) {
    var (across, least) = (1, Int.max)
    for candidate in 1...parts where parts % candidate == 0 {
      let reading = candidate * rows + parts / candidate * columns
      if reading < least { (across, least) = (candidate, reading) }
    }
    return (
      range(index / across, of: parts / across, count: rows, grain: 16),
      range(index % across, of: across, count: columns, grain: 32)
    )
  }
}
