/// Who multiplies matrices of an element type, as a table of functions: croco's own products or a library.
///
/// Another instruction set, or another arithmetic over the same elements, is another table; layers know nothing of it. The
/// functions may rely on shapes that fit and on a result that is not empty.
package struct Products<Element: MatrixElement>: Sendable {
  /// C = A B, or C += A B where `adding`; `sums`, where there, receives the sums of A's rows likewise.
  typealias Accumulation =
    @Sendable (
      _ a: Factor<Element>, _ b: Factor<Element>, _ c: Matrix, _ adding: Bool, _ sums: UnsafeMutablePointer<Float>?
    ) -> Void
  /// C = A B, finished.
  typealias Finishing =
    @Sendable (_ a: Factor<Element>, _ b: Factor<Element>, _ c: MatrixView<Element>, _ finish: Finish<Element>) -> Void

  /// The name for logs, such as "croco (AVX-512)".
  package let name: String
  /// Whether a right factor may be fp32 that is rounded as it is read. Where not, weights need a copy of elements.
  package let roundsFactors: Bool
  /// Whether the bits of an element of C depend on its row of A and its column of B alone, and those of a sum on its row: not
  /// on the rows and columns that are multiplied with them.
  package var elementsAreIndependent = false
  let accumulate: Accumulation
  let finish: Finishing

  /// ``multiply(_:_:into:adding:sums:)`` by this table, whatever was chosen.
  package func multiply(
    _ a: Factor<Element>, _ b: Factor<Element>, into c: Matrix, adding: Bool = false,
    sums: UnsafeMutablePointer<Float>? = nil
  ) {
    if fits(a, b, c.rows, c.columns, sums) { accumulate(a, b, c, adding, sums) }
  }

  /// ``multiply(_:_:into:finish:)`` by this table, whatever was chosen.
  package func multiply(
    _ a: Factor<Element>, _ b: Factor<Element>, into c: MatrixView<Element>, finish: Finish<Element>
  ) {
    if fits(a, b, c, finish) { self.finish(a, b, c, finish) }
  }
}

/// C = A B, or C += A B where `adding`, with C in fp32, by the table that was chosen: one of integers where B is quantised.
/// Nothing happens where C is empty.
///
/// - Parameters:
///   - a: [m, k].
///   - b: [k, n].
///   - c: [m, n].
///   - sums: becomes (where `adding`, gains) the sums of A's rows [m]; A must be a transpose. With the gradients of rows
///     for A^T these are the gradients of a bias.
package func multiply<Element: MatrixElement>(
  _ a: Factor<Element>, _ b: Factor<Element>, into c: Matrix, adding: Bool = false,
  sums: UnsafeMutablePointer<Float>? = nil
) {
  guard fits(a, b, c.rows, c.columns, sums) else { return }
  if case .quantized(let weight) = b.values {
    Element.integerProducts.pointee.accumulate(a, weight, c, adding)
  } else {
    Element.products.pointee.accumulate(a, b, c, adding, sums)
  }
}

/// ``multiply(_:_:into:adding:sums:)`` of factors that are quantised on the way, each column of the stored matrices with scales of its
/// own: the gradient of a weight, A a transpose. The sums of A's rows are those of its numbers.
package func multiplyQuantizing<Element: MatrixElement>(
  _ a: Factor<Element>, _ b: Factor<Element>, into c: Matrix, adding: Bool = false,
  sums: UnsafeMutablePointer<Float>? = nil
) {
  if fits(a, b, c.rows, c.columns, sums) { Element.integerProducts.pointee.gradient(a, b, c, adding, sums) }
}

/// C = A B, finished, with C as an operand of further products, by the table that was chosen. Its rows lie without gaps unless
/// the finish is plain. Nothing happens where C is empty.
package func multiply<Element: MatrixElement>(
  _ a: Factor<Element>, _ b: Factor<Element>, into c: MatrixView<Element>, finish: Finish<Element>
) {
  guard fits(a, b, c, finish) else { return }
  if case .quantized(let weight) = b.values {
    Element.integerProducts.pointee.finish(a, weight, c, finish)
  } else {
    Element.products.pointee.finish(a, b, c, finish)
  }
}

/// Checks the shapes of a product; false where there is nothing to compute.
private func fits<Element: MatrixElement>(
  _ a: Factor<Element>, _ b: Factor<Element>, _ rows: Int, _ columns: Int, _ sums: UnsafeMutablePointer<Float>?
) -> Bool {
  precondition(
    a.rows == rows && a.columns == b.rows && b.columns == columns,
    "[\(a.rows), \(a.columns)] times [\(b.rows), \(b.columns)] is not [\(rows), \(columns)]")
  precondition(sums == nil || a.isTransposed, "only the rows of a transpose are summed")
  return rows > 0 && columns > 0
}

private func fits<Element: MatrixElement>(
  _ a: Factor<Element>, _ b: Factor<Element>, _ c: MatrixView<Element>, _ finish: Finish<Element>
) -> Bool {
  precondition(finish.fits(c), "what a product of [\(c.rows), \(c.columns)] is finished with lies otherwise")
  return fits(a, b, c.rows, c.columns, nil)
}
