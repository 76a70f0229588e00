/// Who multiplies matrices of an element, as a table of functions: croco's own products or a library.
///
/// Another instruction set, or another arithmetic over the same elements, is another table; layers know ``multiply(_:_:into:adding:sums:)``
/// alone. Dispatch is once a product.
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
  let accumulate: Accumulation
  let finish: Finishing

  /// C = A B, or C += A B where `adding`, with C in fp32. Nothing happens where C is empty.
  ///
  /// - Parameters:
  ///   - a: [m, k].
  ///   - b: [k, n].
  ///   - c: [m, n].
  ///   - sums: becomes (where `adding`, gains) the sums of A's rows [m]; A must be a transpose. With the gradients of rows
  ///     for A^T these are the gradients of a bias.
  package func multiply(
    _ a: Factor<Element>, _ b: Factor<Element>, into c: Matrix, adding: Bool = false,
    sums: UnsafeMutablePointer<Float>? = nil
  ) {
    checkShapes(a, b, c.rows, c.columns)
    precondition(sums == nil || a.isTransposed, "only rows of a transpose are summed")
    if c.rows == 0 || c.columns == 0 { return }
    accumulate(a, b, c, adding, sums)
  }

  /// C = A B, finished, with C as an operand of further products. Its rows lie without gaps unless the finish is plain.
  package func multiply(
    _ a: Factor<Element>, _ b: Factor<Element>, into c: MatrixView<Element>, finish: Finish<Element>
  ) {
    checkShapes(a, b, c.rows, c.columns)
    precondition(finish.fits(c), "what a product of [\(c.rows), \(c.columns)] is finished with lies otherwise")
    if c.rows == 0 || c.columns == 0 { return }
    self.finish(a, b, c, finish)
  }

  private func checkShapes(_ a: Factor<Element>, _ b: Factor<Element>, _ rows: Int, _ columns: Int) {
    precondition(
      a.rows == rows && a.columns == b.rows && b.columns == columns,
      "[\(a.rows), \(a.columns)] times [\(b.rows), \(b.columns)] is not [\(rows), \(columns)]")
  }
}

/// C = A B, or C += A B where `adding`: ``Products/multiply(_:_:into:adding:sums:)`` of the table that was chosen.
package func multiply<Element: MatrixElement>(
  _ a: Factor<Element>, _ b: Factor<Element>, into c: Matrix, adding: Bool = false,
  sums: UnsafeMutablePointer<Float>? = nil
) {
  Element.products.multiply(a, b, into: c, adding: adding, sums: sums)
}

/// C = A B, finished: ``Products/multiply(_:_:into:finish:)`` of the table that was chosen.
package func multiply<Element: MatrixElement>(
  _ a: Factor<Element>, _ b: Factor<Element>, into c: MatrixView<Element>, finish: Finish<Element>
) {
  Element.products.multiply(a, b, into: c, finish: finish)
}
