internal import CGEMM
internal import CKernels
internal import COneDNN

extension BFloat16: Operand {
  /// `croco_gemm_bf16`, or `dnnl_matmul` by way of `croco_onednn_gemm`.
  public static func gemm(
    _ a: UnsafePointer<BFloat16>, lda: Int, transposeA: Bool, _ b: UnsafePointer<BFloat16>, ldb: Int, transposeB: Bool,
    into c: UnsafeMutablePointer<Float>, ldc: Int, m: Int, n: Int, k: Int, adding: Bool
  ) {
    if m == 0 || n == 0 { return }
    let (left, right) = (halves(a), halves(b))
    if MatrixProducts.ownBFloat16 {
      MatrixProducts.check(
        croco_gemm_bf16(
          transposeA ? 1 : 0, transposeB ? 1 : 0, m, n, k, left, lda, right, ldb,
          adding ? CROCO_GEMM_ADD : CROCO_GEMM_SET, c, ldc))
    } else {
      OneDNN.check(
        croco_onednn_gemm(
          transposeA ? 1 : 0, transposeB ? 1 : 0, m, n, k, left, lda, right, ldb, adding ? 1 : 0, c, ldc, 0))
    }
  }

  /// `croco_gemm_bf16`, or `dnnl_matmul` by way of `croco_onednn_gemm`.
  public static func gemm(
    _ a: UnsafePointer<BFloat16>, lda: Int, transposeA: Bool, _ b: UnsafePointer<BFloat16>, ldb: Int, transposeB: Bool,
    toOperand c: UnsafeMutablePointer<BFloat16>, ldc: Int, m: Int, n: Int, k: Int
  ) {
    if m == 0 || n == 0 { return }
    let (left, right) = (halves(a), halves(b))
    if MatrixProducts.ownBFloat16 {
      MatrixProducts.check(
        croco_gemm_bf16(
          transposeA ? 1 : 0, transposeB ? 1 : 0, m, n, k, left, lda, right, ldb, CROCO_GEMM_NARROW, c, ldc))
    } else {
      OneDNN.check(
        croco_onednn_gemm(transposeA ? 1 : 0, transposeB ? 1 : 0, m, n, k, left, lda, right, ldb, 0, c, ldc, 1))
    }
  }

  /// `croco_narrow`.
  public static func convert(
    _ values: UnsafePointer<Float>, into operands: UnsafeMutablePointer<BFloat16>, count: Int
  ) {
    croco_narrow(values, halves(operands), count)
  }

  /// Half as much memory of its own.
  public static func mirror(
    _ values: UnsafeMutablePointer<Float>, count: Int, allocate: (_ floats: Int) -> UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<BFloat16> {
    UnsafeMutableRawPointer(allocate((count + 1) / 2)).assumingMemoryBound(to: BFloat16.self)
  }

  /// `croco_add_bias_bf16`.
  public static func addBias(_ x: MatrixView<BFloat16>, _ bias: UnsafePointer<Float>) {
    croco_add_bias_bf16(halves(x.pointer), x.columns, bias, x.rows, x.columns)
  }

  /// `croco_column_sums_bf16`.
  public static func columnSums(
    _ x: UnsafePointer<BFloat16>, stride: Int, into sums: UnsafeMutablePointer<Float>, rows: Int, columns: Int,
    adding: Bool
  ) {
    croco_column_sums_bf16(halves(x), stride, sums, rows, columns, adding ? 1 : 0)
  }

  /// `croco_bias_gelu_bf16`.
  public static func biasGELU(
    _ hidden: MatrixView<BFloat16>, _ bias: UnsafePointer<Float>, into activated: MatrixView<BFloat16>
  ) {
    croco_bias_gelu_bf16(halves(hidden.pointer), bias, halves(activated.pointer), hidden.rows, hidden.columns)
  }

  /// `croco_gelu_backward_bf16`.
  public static func geluBackward(
    _ gradient: MatrixView<BFloat16>, hidden: MatrixView<BFloat16>, activated: MatrixView<BFloat16>
  ) {
    croco_gelu_backward_bf16(halves(gradient.pointer), halves(hidden.pointer), halves(activated.pointer), hidden.count)
  }

  /// `croco_layer_norm_bf16`.
  public static func layerNorm(
    _ x: Matrix, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, into output: MatrixView<BFloat16>,
    mean: UnsafeMutablePointer<Float>, scale: UnsafeMutablePointer<Float>
  ) {
    croco_layer_norm_bf16(x.pointer, weight, bias, halves(output.pointer), mean, scale, x.rows, x.columns)
  }

  /// `croco_residual_layer_norm_bf16`.
  public static func residualLayerNorm(
    _ stream: Matrix, branchBias: UnsafePointer<Float>, residual: Matrix, _ weight: UnsafePointer<Float>,
    _ bias: UnsafePointer<Float>, into output: MatrixView<BFloat16>, mean: UnsafeMutablePointer<Float>,
    scale: UnsafeMutablePointer<Float>
  ) {
    croco_residual_layer_norm_bf16(
      stream.pointer, branchBias, residual.pointer, weight, bias, halves(output.pointer), mean, scale, stream.rows,
      stream.columns)
  }

  /// `croco_layer_norm_backward_bf16`.
  public static func layerNormBackward(
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
  public static func softmax(
    _ logits: Matrix, factor: Float, into probabilities: UnsafeMutablePointer<BFloat16>,
    logSum: UnsafeMutablePointer<Float>
  ) {
    croco_softmax_bf16(logits.pointer, factor, halves(probabilities), logSum, logits.rows, logits.columns)
  }

  /// `croco_softmax_backward_bf16`.
  public static func softmaxBackward(
    _ logits: Matrix, factor: Float, logSum: UnsafePointer<Float>, gradient: UnsafePointer<Float>,
    probabilities: UnsafeMutablePointer<BFloat16>, logitsGradient: UnsafeMutablePointer<BFloat16>
  ) {
    croco_softmax_backward_bf16(
      logits.pointer, factor, logSum, gradient, halves(probabilities), halves(logitsGradient), logits.rows,
      logits.columns)
  }

  /// `croco_rotate_bf16`.
  public static func rotate(
    _ x: UnsafeMutablePointer<BFloat16>, stride: Int, positions: UnsafePointer<Int32>, cosine: UnsafePointer<Float>,
    sine: UnsafePointer<Float>, direction: Float, rows: Int, heads: Int, headSize: Int
  ) {
    croco_rotate_bf16(halves(x), stride, positions, cosine, sine, direction, rows, heads, headSize)
  }

  /// `croco_gather_patches_bf16`.
  public static func gatherPatches(
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
