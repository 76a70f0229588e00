internal import CGEMM
internal import COneDNN
internal import CTransformer

extension BFloat16: Operand {
  /// Whether croco multiplies: oneDNN reads bf16 alone.
  package static var roundsFloats: Bool { MatrixProducts.ownBFloat16 }

  /// `croco_gemm_bf16` or `croco_gemm_bf16_rounding`, or `dnnl_matmul` by way of `croco_onednn_gemm`.
  package static func gemm(
    _ a: UnsafePointer<BFloat16>, lda: Int, transposeA: Bool, _ b: RightFactor<BFloat16>, ldb: Int, transposeB: Bool,
    into c: UnsafeMutablePointer<Float>, ldc: Int, m: Int, n: Int, k: Int, adding: Bool
  ) {
    multiply(
      halves(a), lda, transposeA, b, ldb, transposeB, c, ldc, m, n, k, adding ? CROCO_GEMM_ADD : CROCO_GEMM_SET,
      croco_gemm_more())
  }

  /// The same; the sums by `croco_column_sums_bf16` where croco does not multiply.
  package static func gemmTransposed(
    _ a: UnsafePointer<BFloat16>, lda: Int, _ b: UnsafePointer<BFloat16>, ldb: Int,
    into c: UnsafeMutablePointer<Float>, ldc: Int, sums: UnsafeMutablePointer<Float>?, m: Int, n: Int, k: Int,
    adding: Bool
  ) {
    var more = croco_gemm_more()
    if MatrixProducts.ownBFloat16 {
      more.sums = sums
    } else if let sums {
      columnSums(a, stride: lda, into: sums, rows: k, columns: m, adding: adding)
    }
    multiply(
      halves(a), lda, true, .operands(b), ldb, false, c, ldc, m, n, k, adding ? CROCO_GEMM_ADD : CROCO_GEMM_SET, more)
  }

  /// The same; finished by passes of CKernels where croco does not multiply.
  package static func gemm(
    _ a: UnsafePointer<BFloat16>, lda: Int, transposeA: Bool, _ b: RightFactor<BFloat16>, ldb: Int, transposeB: Bool,
    toOperand c: UnsafeMutablePointer<BFloat16>, ldc: Int, m: Int, n: Int, k: Int, _ finish: Finish<BFloat16>
  ) {
    let (result, more) = described(finish)
    multiply(halves(a), lda, transposeA, b, ldb, transposeB, c, ldc, m, n, k, result, more)
    if !MatrixProducts.ownBFloat16 { finish.apply(to: c, m: m, n: n) }
  }

  /// A finish as croco's own products know it.
  private static func described(_ finish: Finish<BFloat16>) -> (result: croco_gemm_result, more: croco_gemm_more) {
    var more = croco_gemm_more()
    switch finish {
    case .plain: return (CROCO_GEMM_NARROW, more)
    case .bias(let bias):
      more.bias = bias
      return (CROCO_GEMM_BIAS, more)
    case .biasGELU(let bias, let activated):
      more.bias = bias
      more.activated = halves(activated)
      return (CROCO_GEMM_BIAS_GELU, more)
    case .geluBackward(let hidden, let activated):
      more.hidden = halves(hidden)
      more.activated = halves(activated)
      return (CROCO_GEMM_GELU_BACKWARD, more)
    }
  }

  /// oneDNN leaves out all that is finished on the way.
  private static func multiply(
    _ a: UnsafePointer<UInt16>, _ lda: Int, _ transposeA: Bool, _ b: RightFactor<BFloat16>, _ ldb: Int,
    _ transposeB: Bool, _ c: UnsafeMutableRawPointer, _ ldc: Int, _ m: Int, _ n: Int, _ k: Int,
    _ result: croco_gemm_result, _ more: croco_gemm_more
  ) {
    if m == 0 || n == 0 { return }
    let (left, right): (Int32, Int32) = (transposeA ? 1 : 0, transposeB ? 1 : 0)
    withUnsafePointer(to: more) { more in
      switch b {
      case .operands(let b) where MatrixProducts.ownBFloat16:
        MatrixProducts.check(croco_gemm_bf16(left, right, m, n, k, a, lda, halves(b), ldb, result, c, ldc, more))
      case .operands(let b):
        let isFloat = result == CROCO_GEMM_SET || result == CROCO_GEMM_ADD
        OneDNN.check(
          croco_onednn_gemm(
            left, right, m, n, k, a, lda, halves(b), ldb, result == CROCO_GEMM_ADD ? 1 : 0, c, ldc, isFloat ? 0 : 1))
      case .floats(let b):
        precondition(roundsFloats, "oneDNN reads no fp32 in a product of bf16")
        MatrixProducts.check(croco_gemm_bf16_rounding(left, right, m, n, k, a, lda, b, ldb, result, c, ldc, more))
      }
    }
  }

  /// `croco_narrow`.
  package static func convert(
    _ values: UnsafePointer<Float>, into operands: UnsafeMutablePointer<BFloat16>, count: Int
  ) {
    croco_narrow(values, halves(operands), count)
  }

  /// Half as much memory of its own.
  package static func mirror(
    _ values: UnsafeMutablePointer<Float>, count: Int, allocate: (_ floats: Int) -> UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<BFloat16> {
    UnsafeMutableRawPointer(allocate((count + 1) / 2)).assumingMemoryBound(to: BFloat16.self)
  }

  /// `croco_add_bias_bf16`.
  package static func addBias(_ x: MatrixView<BFloat16>, _ bias: UnsafePointer<Float>) {
    croco_add_bias_bf16(halves(x.pointer), x.columns, bias, x.rows, x.columns)
  }

  /// `croco_column_sums_bf16`.
  package static func columnSums(
    _ x: UnsafePointer<BFloat16>, stride: Int, into sums: UnsafeMutablePointer<Float>, rows: Int, columns: Int,
    adding: Bool
  ) {
    croco_column_sums_bf16(halves(x), stride, sums, rows, columns, adding ? 1 : 0)
  }

  /// `croco_bias_gelu_bf16`.
  package static func biasGELU(
    _ hidden: MatrixView<BFloat16>, _ bias: UnsafePointer<Float>, into activated: MatrixView<BFloat16>
  ) {
    croco_bias_gelu_bf16(halves(hidden.pointer), bias, halves(activated.pointer), hidden.rows, hidden.columns)
  }

  /// `croco_gelu_backward_bf16`.
  package static func geluBackward(
    _ gradient: MatrixView<BFloat16>, hidden: MatrixView<BFloat16>, activated: MatrixView<BFloat16>
  ) {
    croco_gelu_backward_bf16(halves(gradient.pointer), halves(hidden.pointer), halves(activated.pointer), hidden.count)
  }

  /// `croco_layer_norm_bf16`.
  package static func layerNorm(
    _ x: Matrix, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, into output: MatrixView<BFloat16>,
    mean: UnsafeMutablePointer<Float>, scale: UnsafeMutablePointer<Float>
  ) {
    croco_layer_norm_bf16(x.pointer, weight, bias, halves(output.pointer), mean, scale, x.rows, x.columns)
  }

  /// `croco_residual_layer_norm_bf16`.
  package static func residualLayerNorm(
    _ stream: Matrix, branchBias: UnsafePointer<Float>, residual: Matrix, _ weight: UnsafePointer<Float>,
    _ bias: UnsafePointer<Float>, into output: MatrixView<BFloat16>, mean: UnsafeMutablePointer<Float>,
    scale: UnsafeMutablePointer<Float>
  ) {
    croco_residual_layer_norm_bf16(
      stream.pointer, branchBias, residual.pointer, weight, bias, halves(output.pointer), mean, scale, stream.rows,
      stream.columns)
  }

  /// `croco_layer_norm_backward_bf16`.
  package static func layerNormBackward(
    _ outputGradient: Matrix, _ x: Matrix, mean: UnsafePointer<Float>, scale: UnsafePointer<Float>,
    _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, residual: Matrix?, into gradient: Matrix,
    copy: MatrixView<BFloat16>, weightGradient: UnsafeMutablePointer<Float>,
    biasGradient: UnsafeMutablePointer<Float>, recomputing output: MatrixView<BFloat16>
  ) {
    croco_layer_norm_backward_bf16(
      outputGradient.pointer, x.pointer, mean, scale, weight, bias, residual?.pointer, gradient.pointer,
      halves(copy.pointer), weightGradient, biasGradient, halves(output.pointer), x.rows, x.columns)
  }

  /// `croco_softmax_bf16`.
  package static func softmax(
    _ logits: Matrix, factor: Float, into probabilities: UnsafeMutablePointer<BFloat16>,
    logSum: UnsafeMutablePointer<Float>
  ) {
    croco_softmax_bf16(logits.pointer, factor, halves(probabilities), logSum, logits.rows, logits.columns)
  }

  /// `croco_softmax_backward_bf16`.
  package static func softmaxBackward(
    _ logits: Matrix, factor: Float, logSum: UnsafePointer<Float>, gradient: UnsafePointer<Float>,
    probabilities: UnsafeMutablePointer<BFloat16>, logitsGradient: UnsafeMutablePointer<BFloat16>
  ) {
    croco_softmax_backward_bf16(
      logits.pointer, factor, logSum, gradient, halves(probabilities), halves(logitsGradient), logits.rows,
      logits.columns)
  }

  /// `croco_rotate_bf16`.
  package static func rotate(
    _ x: UnsafeMutablePointer<BFloat16>, stride: Int, positions: UnsafePointer<Int32>, cosine: UnsafePointer<Float>,
    sine: UnsafePointer<Float>, direction: Float, rows: Int, heads: Int, headSize: Int
  ) {
    croco_rotate_bf16(halves(x), stride, positions, cosine, sine, direction, rows, heads, headSize)
  }

  /// `croco_gather_patches_bf16`.
  package static func gatherPatches(
    _ image: UnsafePointer<Float>, _ index: UnsafePointer<Int32>, into patches: UnsafeMutablePointer<BFloat16>,
    count: Int, patch: Int, gridWidth: Int, height: Int, width: Int
  ) {
    croco_gather_patches_bf16(image, index, halves(patches), count, patch, gridWidth, height, width)
  }
}

/// The C functions know bfloat16 by its bits.
private func halves(_ pointer: UnsafePointer<BFloat16>) -> UnsafePointer<UInt16> {
  UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt16.self)
}

private func halves(_ pointer: UnsafeMutablePointer<BFloat16>) -> UnsafeMutablePointer<UInt16> {
  UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: UInt16.self)
}
