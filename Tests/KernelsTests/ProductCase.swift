import Kernels
import Runtime

/// Factors of a product op(A) op(B), with op(A) [m, k] and op(B) [k, n], stored without gaps in memory of its own.
struct ProductCase<Element: MatrixElement> {
  let m: Int, n: Int
  private let left: AlignedBuffer<Element>, right: AlignedBuffer<Element>
  private let a: Factor<Element>, b: Factor<Element>

  init(_ a: [Element], _ b: [Element], m: Int, n: Int, k: Int, transposeA: Bool, transposeB: Bool) {
    (self.m, self.n) = (m, n)
    left = Self.buffer(a)
    right = Self.buffer(b)
    self.a =
      transposeA
      ? MatrixView(left.pointer, rows: k, columns: m).transposed
      : MatrixView(left.pointer, rows: m, columns: k).factor
    self.b =
      transposeB
      ? MatrixView(right.pointer, rows: n, columns: k).transposed
      : MatrixView(right.pointer, rows: k, columns: n).factor
  }

  /// The product added to `start` [m, n].
  func multiply(addingTo start: [Float], by products: Products<Element>) -> [Float] {
    let c = Self.buffer(start)
    products.multiply(a, b, into: Matrix(c.pointer, rows: m, columns: n), adding: true)
    return Array(c.elements)
  }

  /// The product as elements: [m, n].
  func multiply(by products: Products<Element>) -> [Element] {
    let c = AlignedBuffer<Element>(count: m * n)
    products.multiply(a, b, into: MatrixView(c.pointer, rows: m, columns: n), finish: .plain)
    return Array(c.elements)
  }

  private static func buffer<Value: BitwiseCopyable>(_ values: [Value]) -> AlignedBuffer<Value> {
    let buffer = AlignedBuffer<Value>(count: values.count)
    _ = buffer.elements.update(fromContentsOf: values)
    return buffer
  }
}
