import Kernels
import Runtime

/// Rotary position embedding of queries and keys; does nothing for networks with sine-cosine tables.
struct Rotary {
  private let tables: (cosine: AlignedBuffer<Float>, sine: AlignedBuffer<Float>)?  // [N, head size / 2] each
  private let headCount: Int
  private let headSize: Int
  /// The patch index of each row.
  private let positions: UnsafePointer<Int32>

  init(_ configuration: ModelConfiguration, headCount: Int, headSize: Int, positions: UnsafePointer<Int32>) {
    self.headCount = headCount
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

  /// Rotates all heads of `rows` in place; `x` points at the first row of the range, `stride` elements between rows.
  func rotate<Element: Operand>(_ x: UnsafeMutablePointer<Element>, stride: Int, rows: Range<Int>) {
    turn(x, stride, rows, 1)
  }

  /// The transpose of ``rotate(_:stride:rows:)``, for gradients.
  func rotateBack<Element: Operand>(_ x: UnsafeMutablePointer<Element>, stride: Int, rows: Range<Int>) {
    turn(x, stride, rows, -1)
  }

  private func turn<Element: Operand>(
    _ x: UnsafeMutablePointer<Element>, _ stride: Int, _ rows: Range<Int>, _ direction: Float
  ) {
    guard let tables else { return }
    Element.rotate(
      x, stride: stride, positions: positions + rows.lowerBound, cosine: tables.cosine.pointer,
      sine: tables.sine.pointer, direction: direction, rows: rows.count, heads: headCount, headSize: headSize)
  }

  private static func buffer(_ values: [Float]) -> AlignedBuffer<Float> {
    let buffer = AlignedBuffer<Float>(count: values.count)
    _ = buffer.elements.update(fromContentsOf: values)
    return buffer
  }
}
