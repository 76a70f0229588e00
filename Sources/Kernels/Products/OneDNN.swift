internal import COneDNN

/// The only door to oneDNN, which multiplies bf16 matrices where croco does not do so itself.
package enum OneDNN {
  /// Products by `dnnl_matmul`, by way of `croco_onednn_gemm`; ``obstacle`` must be nil to use them. Finished, and rows
  /// summed, by passes of their own.
  package static let products = Products<BFloat16>(
    name: "oneDNN \(version)", roundsFactors: false,
    accumulate: { a, b, c, adding, sums in
      if let sums { a.sumStoredColumns(into: sums, adding: adding) }
      check(
        croco_onednn_gemm(
          a.transposition, b.transposition, c.rows, c.columns, a.columns, a.elements.stored, a.stride,
          b.elements.stored, b.stride, adding ? 1 : 0, c.pointer, c.stride, 0))
    },
    finish: { a, b, c, finish in
      check(
        croco_onednn_gemm(
          a.transposition, b.transposition, c.rows, c.columns, a.columns, a.elements.stored, a.stride,
          b.elements.stored, b.stride, 0, c.pointer, c.stride, 1))
      finish.apply(to: c)
    })

  /// oneDNN's version, or empty where the library is missing. Loads the library once.
  package static var version: String {
    _ = croco_onednn_open()
    return String(cString: croco_onednn_version())
  }

  /// Why bf16 cannot be computed here, or nil where it can: the library, its header at build time, or the processor's
  /// instructions are missing. Loads the library once.
  package static var obstacle: String? { croco_onednn_open().map { String(cString: $0) } }

  private static func check(_ status: Int32) {
    precondition(status == 0, "oneDNN failed with status \(status) (dnnl_status_t); is memory short?")
  }
}
