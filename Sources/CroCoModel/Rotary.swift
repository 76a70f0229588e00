import Kernels
import Runtime

/// Rotary position embedding of queries and keys; does nothing for networks with sine-cosine tables.
struct Rotary {
  private let tables: (cosine: AlignedBuffer<Float>, sine: AlignedBuffer<Float>)?  // [N, head size / 2] each
  private let headSize: Int
  /// The patch index of each row.
  private let positions: UnsafePointer<Int32>

  init(_ configuration: ModelConfiguration, headSize: Int, positions: UnsafePointer<Int32>) {
    self.headSize = headSize
    self.positions = positions
    guard case .rope(let base) = configuration.positionEmbedding else {
      tables = nil
      return
    }
    let (cosine, sine) = PositionTable.rotary(
      headSize: headSize, rows: configuration.gridHeight, columns: configuration.gridWidth, base: base)
    tables = (Self.buffer(cosine), Self.buffer(sine))
  }

  /// Rotates all heads of a sequence in place: [rows, C]; `rows` is its place among all rows.
  func rotate<Element: MatrixElement>(_ x: MatrixView<Element>, rows: Range<Int>) { turn(x, rows, .forward) }

  /// The transpose of ``rotate(_:rows:)``, for gradients.
  func rotateBack<Element: MatrixElement>(_ x: MatrixView<Element>, rows: Range<Int>) { turn(x, rows, .back) }

  private func turn<Element: MatrixElement>(
    _ x: MatrixView<Element>, _ rows: Range<Int>, _ direction: Rotation.Direction
  ) {
    guard let tables else { return }
    Rotation(cosine: tables.cosine.pointer, sine: tables.sine.pointer, headSize: headSize)
      .turn(x, positions: positions + rows.lowerBound, direction)
  }

  private static func buffer(_ values: [Float]) -> AlignedBuffer<Float> {
    let buffer = AlignedBuffer<Float>(count: values.count)
    _ = buffer.elements.update(fromContentsOf: values)
    return buffer
  }
}
