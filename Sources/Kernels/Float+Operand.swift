internal import CGEMM
internal import CTransformer

extension Float: Operand {
  /// There is nothing to round.
  package static var roundsFloats: Bool { true }

  /// `croco_gemm`, or `cblas_sgemm` where the processor has no AVX-512.
  package static func gemm(
    _ a: UnsafePointer<Float>, lda: Int, transposeA: Bool, _ b: RightFactor<Float>, ldb: Int, transposeB: Bool,
    into c: UnsafeMutablePointer<Float>, ldc: Int, m: Int, n: Int, k: Int, adding: Bool
  ) {
    multiply(
      a, lda, transposeA, b.floats, ldb, transposeB, c, ldc, m, n, k, adding ? CROCO_GEMM_ADD : CROCO_GEMM_SET,
      croco_gemm_more())
  }

  /// The same; the sums by `croco_column_sums` where croco does not multiply.
  package static func gemmTransposed(
    _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int, into c: UnsafeMutablePointer<Float>,
    ldc: Int, sums: UnsafeMutablePointer<Float>?, m: Int, n: Int, k: Int, adding: Bool
  ) {
    var more = croco_gemm_more()
    if MatrixProducts.ownFloat {
      more.sums = sums
    } else if let sums {
      columnSums(a, stride: lda, into: sums, rows: k, columns: m, adding: adding)
    }
    multiply(a, lda, true, b, ldb, false, c, ldc, m, n, k, adding ? CROCO_GEMM_ADD : CROCO_GEMM_SET, more)
  }

  /// The same; finished by passes of CKernels.
  package static func gemm(
    _ a: UnsafePointer<Float>, lda: Int, transposeA: Bool, _ b: RightFactor<Float>, ldb: Int, transposeB: Bool,
    toOperand c: UnsafeMutablePointer<Float>, ldc: Int, m: Int, n: Int, k: Int, _ finish: Finish<Float>
  ) {
    gemm(
      a, lda: lda, transposeA: transposeA, b, ldb: ldb, transposeB: transposeB, into: c, ldc: ldc, m: m, n: n, k: k,
      adding: false)
    finish.apply(to: c, m: m, n: n)
  }

  /// OpenBLAS leaves out the sums.
  private static func multiply(
    _ a: UnsafePointer<Float>, _ lda: Int, _ transposeA: Bool, _ b: UnsafePointer<Float>, _ ldb: Int,
    _ transposeB: Bool, _ c: UnsafeMutablePointer<Float>, _ ldc: Int, _ m: Int, _ n: Int, _ k: Int,
    _ result: croco_gemm_result, _ more: croco_gemm_more
  ) {
    guard MatrixProducts.ownFloat else {
      return BLAS.gemm(
        a, lda: lda, transposeA: transposeA, b, ldb: ldb, transposeB: transposeB, into: c, ldc: ldc, m: m, n: n, k: k,
        beta: result == CROCO_GEMM_ADD ? 1 : 0)
    }
    withUnsafePointer(to: more) { more in
      MatrixProducts.check(
        croco_gemm(transposeA ? 1 : 0, transposeB ? 1 : 0, m, n, k, a, lda, b, ldb, result, c, ldc, more))
    }
  }

  /// A plain copy.
  package static func convert(_ values: UnsafePointer<Float>, into operands: UnsafeMutablePointer<Float>, count: Int) {
    operands.update(from: values, count: count)
  }

  /// The fp32 memory itself.
  package static func mirror(
    _ values: UnsafeMutablePointer<Float>, count: Int, allocate: (_ floats: Int) -> UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<Float> { values }

  /// The value itself.
  package var float: Float { self }

  /// `croco_add_bias`.
  package static func addBias(_ x: MatrixView<Float>, _ bias: UnsafePointer<Float>) {
    croco_add_bias((x.pointer), x.columns, bias, x.rows, x.columns)
  }

  /// `croco_column_sums`.
  package static func columnSums(
    _ x: UnsafePointer<Float>, stride: Int, into sums: UnsafeMutablePointer<Float>, rows: Int, columns: Int,
    adding: Bool
  ) {
    croco_column_sums((x), stride, sums, rows, columns, adding ? 1 : 0)
  }

  /// `croco_bias_gelu`.
  package static func biasGELU(
    _ hidden: MatrixView<Float>, _ bias: UnsafePointer<Float>, into activated: MatrixView<Float>
  ) {
    croco_bias_gelu((hidden.pointer), bias, (activated.pointer), hidden.rows, hidden.columns)
  }

  /// `croco_gelu_backward`.
  package static func geluBackward(
    _ gradient: MatrixView<Float>, hidden: MatrixView<Float>, activated: MatrixView<Float>
  ) {
    croco_gelu_backward((gradient.pointer), (hidden.pointer), (activated.pointer), hidden.count)
  }

  /// `croco_layer_norm`.
  package static func layerNorm(
    _ x: Matrix, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, into output: MatrixView<Float>,
    mean: UnsafeMutablePointer<Float>, scale: UnsafeMutablePointer<Float>
  ) {
    croco_layer_norm(x.pointer, weight, bias, (output.pointer), mean, scale, x.rows, x.columns)
  }

  /// `croco_residual_layer_norm`.
  package static func residualLayerNorm(
    _ stream: Matrix, branchBias: UnsafePointer<Float>, residual: Matrix, _ weight: UnsafePointer<Float>,
    _ bias: UnsafePointer<Float>, into output: MatrixView<Float>, mean: UnsafeMutablePointer<Float>,
    scale: UnsafeMutablePointer<Float>
  ) {
    croco_residual_layer_norm(
      stream.pointer, branchBias, residual.pointer, weight, bias, (output.pointer), mean, scale, stream.rows,
      stream.columns)
  }

  /// `croco_layer_norm_backward`.
  package static func layerNormBackward(
    _ outputGradient: Matrix, _ x: Matrix, mean: UnsafePointer<Float>, scale: UnsafePointer<Float>,
    _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, residual: Matrix?, into gradient: Matrix,
    copy: MatrixView<Float>, weightGradient: UnsafeMutablePointer<Float>,
    biasGradient: UnsafeMutablePointer<Float>, recomputing output: MatrixView<Float>
  ) {
    croco_layer_norm_backward(
      outputGradient.pointer, x.pointer, mean, scale, weight, bias, residual?.pointer, gradient.pointer,
      (copy.pointer), weightGradient, biasGradient, (output.pointer), x.rows, x.columns)
  }

  /// `croco_softmax`.
  package static func softmax(
    _ logits: Matrix, factor: Float, into probabilities: UnsafeMutablePointer<Float>,
    logSum: UnsafeMutablePointer<Float>
  ) {
    croco_softmax(logits.pointer, factor, (probabilities), logSum, logits.rows, logits.columns)
  }

  /// `croco_softmax_backward`.
  package static func softmaxBackward(
    _ logits: Matrix, factor: Float, logSum: UnsafePointer<Float>, gradient: UnsafePointer<Float>,
    probabilities: UnsafeMutablePointer<Float>, logitsGradient: UnsafeMutablePointer<Float>
  ) {
    croco_softmax_backward(
      logits.pointer, factor, logSum, gradient, (probabilities), (logitsGradient), logits.rows,
      logits.columns)
  }

  /// `croco_rotate`.
  package static func rotate(
    _ x: UnsafeMutablePointer<Float>, stride: Int, positions: UnsafePointer<Int32>, cosine: UnsafePointer<Float>,
    sine: UnsafePointer<Float>, direction: Float, rows: Int, heads: Int, headSize: Int
  ) {
    croco_rotate((x), stride, positions, cosine, sine, direction, rows, heads, headSize)
  }

  /// `croco_gather_patches`.
  package static func gatherPatches(
    _ image: UnsafePointer<Float>, _ index: UnsafePointer<Int32>, into patches: UnsafeMutablePointer<Float>,
    count: Int, patch: Int, gridWidth: Int, height: Int, width: Int
  ) {
    croco_gather_patches(image, index, (patches), count, patch, gridWidth, height, width)
  }
}
