internal import COpenBLAS

/// The only door to OpenBLAS. One thread a call: the parallel-for above it owns the threads.
package enum OpenBLAS {
  /// Products by `cblas_sgemm`; OpenBLAS is held at one thread before the first. Finished, and rows summed, by passes of
  /// their own.
  package static let products: Products<Float> = {
    croco_openblas_set_threads(1)
    return Products(
      name: "OpenBLAS (\(coreName))", roundsFactors: true,
      accumulate: { a, b, c, adding, sums in
        if let sums { a.sumStoredColumns(into: sums, adding: adding) }
        run(a, b, c, beta: adding ? 1 : 0)
      },
      finish: { a, b, c, finish in
        run(a, b, c, beta: 0)
        finish.apply(to: c)
      })
  }()

  /// The kernels that OpenBLAS chose for this processor, such as "SkylakeX" (`openblas_get_corename`).
  package static var coreName: String { String(cString: croco_openblas_core()) }

  /// OpenBLAS's version and build options (`openblas_get_config`).
  package static var configuration: String { String(cString: croco_openblas_configuration()) }

  private static func run(_ a: Factor<Float>, _ b: Factor<Float>, _ c: Matrix, beta: Float) {
    croco_sgemm(
      a.transposition, b.transposition, Int32(c.rows), Int32(c.columns), Int32(a.columns), 1, a.floats,
      Int32(a.stride), b.floats, Int32(b.stride), beta, c.pointer, Int32(c.stride))
  }
}

extension Factor {
  /// The sums of the columns of a stored matrix of elements, for tables whose products do not form them.
  func sumStoredColumns(into sums: UnsafeMutablePointer<Float>, adding: Bool) {
    Element.passes.pointee.columnSums(elements.stored, stride, sums, storedRows, storedColumns, adding ? 1 : 0)
  }
}
