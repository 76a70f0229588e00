internal import CGEMM

/// Who multiplies matrices of an element type as 8-bit integers, as a table of functions.
///
/// The sums over integers are exact, so that they are the same on every processor; what is done with them is the element's.
package struct IntegerProducts<Element: MatrixElement>: Sendable {
  /// C = A W, or C += A W where `adding`, with a quantised weight.
  let accumulate: @Sendable (_ a: Factor<Element>, _ w: QuantizedWeight, _ c: Matrix, _ adding: Bool) -> Void
  /// C = A W, finished.
  let finish:
    @Sendable (_ a: Factor<Element>, _ w: QuantizedWeight, _ c: MatrixView<Element>, _ finish: Finish<Element>) -> Void
  /// C = A B, or C += A B where `adding`, with A a transpose: both are quantised on the way, by channels and blocks of rows.
  /// `sums`, where there, receives the sums of A's rows likewise.
  let gradient: Products<Element>.Accumulation
}

extension IntegerProducts<Float> {
  /// Finished by passes over the result.
  static var fp32: IntegerProducts {
    IntegerProducts(
      accumulate: { a, w, c, adding in
        run(CROCO_INT8_FLOAT, a, w, c, adding ? CROCO_GEMM_ADD : CROCO_GEMM_SET, croco_gemm_more())
      },
      finish: { a, w, c, finish in
        run(CROCO_INT8_FLOAT, a, w, c, CROCO_GEMM_SET, croco_gemm_more())
        finish.apply(to: c)
      },
      gradient: { a, b, c, adding, sums in runGradient(CROCO_INT8_FLOAT, a, b, c, adding, sums) })
  }
}

extension IntegerProducts<BFloat16> {
  /// Finished on the way; needs avx512_bf16.
  static var bf16: IntegerProducts {
    IntegerProducts(
      accumulate: { a, w, c, adding in
        run(CROCO_INT8_BFLOAT16, a, w, c, adding ? CROCO_GEMM_ADD : CROCO_GEMM_SET, croco_gemm_more())
      },
      finish: { a, w, c, finish in
        let (result, more) = OwnProducts.described(finish)
        run(CROCO_INT8_BFLOAT16, a, w, c, result, more)
      },
      gradient: { a, b, c, adding, sums in runGradient(CROCO_INT8_BFLOAT16, a, b, c, adding, sums) })
  }
}

private func run<Element, Result>(
  _ operand: croco_int8_operand, _ a: Factor<Element>, _ w: QuantizedWeight, _ c: MatrixView<Result>,
  _ result: croco_gemm_result, _ more: croco_gemm_more
) {
  precondition(!a.isTransposed, "rows are quantised as they are stored")
  let status = withUnsafePointer(to: more) { more in
    w.withInC { weight in
      croco_int8_gemm(
        IntegerPath.current.inC, operand, c.rows, c.columns, a.columns, a.elements, a.stride, weight, result, c.pointer,
        c.stride, more)
    }
  }
  check(status)
}

private func runGradient<Element>(
  _ operand: croco_int8_operand, _ a: Factor<Element>, _ b: Factor<Element>, _ c: Matrix, _ adding: Bool,
  _ sums: UnsafeMutablePointer<Float>?
) {
  precondition(a.isTransposed && !b.isTransposed, "columns are quantised as they are stored")
  check(
    croco_int8_gradient(
      IntegerPath.current.inC, operand, c.rows, c.columns, a.columns, a.elements, a.stride, b.elements, b.stride,
      adding ? 1 : 0, c.pointer, c.stride, sums))
}

private func check(_ status: Int32) {
  precondition(status == 0, "no memory is left for a thread's workspace of matrix products (some 3 MB)")
}
