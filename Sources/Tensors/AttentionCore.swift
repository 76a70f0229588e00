internal import CKernels

/// Scaled dot-product attention of one head, forward and backward, inside a scratch that stays in cache.
///
/// Source: Vaswani et al., "Attention Is All You Need", NIPS 2017, equation 1. The probabilities are never stored:
/// backward forms them again from the logits and the saved log-sum-exp.
public struct AttentionCore: Sendable {
  /// Channels of a head, d.
  public let headSize: Int
  /// The factor of the logits, d^-0.5.
  public let scale: Float

  /// An attention core for heads of `headSize` channels.
  public init(headSize: Int) {
    self.headSize = headSize
    scale = Float(1 / Double(headSize).squareRoot())
  }

  /// The floats of scratch that forward and backward need for `queries` by `keys` tokens.
  public static func scratchCount(queries: Int, keys: Int) -> Int { 2 * queries * keys }

  /// One head's rows within wider rows: [count, headSize], `stride` floats apart.
  public struct Operand {
    let pointer: UnsafeMutablePointer<Float>
    let stride: Int

    /// Views the columns from `pointer` on.
    public init(_ pointer: UnsafeMutablePointer<Float>, stride: Int) {
      self.pointer = pointer
      self.stride = stride
    }
  }

  /// output = softmax(scale * query key^T) value.
  ///
  /// - Parameter logSum: receives the log-sum-exp of each query's logits: [queries].
  public func forward(
    query: Operand, key: Operand, value: Operand, output: Operand, logSum: UnsafeMutablePointer<Float>,
    queries: Int, keys: Int, scratch: UnsafeMutablePointer<Float>
  ) {
    if queries == 0 { return }
    BLAS.gemm(
      query.pointer, lda: query.stride, key.pointer, ldb: key.stride, transposeB: true, into: scratch, ldc: keys,
      m: queries, n: keys, k: headSize, alpha: scale)
    croco_softmax(scratch, logSum, queries, keys)
    BLAS.gemm(
      scratch, lda: keys, value.pointer, ldb: value.stride, into: output.pointer, ldc: output.stride,
      m: queries, n: headSize, k: keys)
  }

  /// Writes the gradients with respect to query, key and value from that of the output.
  public func backward(
    query: Operand, key: Operand, value: Operand, outputGradient: Operand, logSum: UnsafePointer<Float>,
    queryGradient: Operand, keyGradient: Operand, valueGradient: Operand,
    queries: Int, keys: Int, scratch: UnsafeMutablePointer<Float>
  ) {
    if queries == 0 { return }
    let probabilities = scratch  // [queries, keys]
    let gradient = scratch + queries * keys  // [queries, keys]
    BLAS.gemm(
      query.pointer, lda: query.stride, key.pointer, ldb: key.stride, transposeB: true, into: probabilities, ldc: keys,
      m: queries, n: keys, k: headSize, alpha: scale)
    BLAS.gemm(
      outputGradient.pointer, lda: outputGradient.stride, value.pointer, ldb: value.stride, transposeB: true,
      into: gradient, ldc: keys, m: queries, n: keys, k: headSize)
    croco_softmax_backward(probabilities, logSum, gradient, queries, keys)
    BLAS.gemm(
      probabilities, lda: keys, transposeA: true, outputGradient.pointer, ldb: outputGradient.stride,
      into: valueGradient.pointer, ldc: valueGradient.stride, m: keys, n: headSize, k: queries)
    BLAS.gemm(
      gradient, lda: keys, key.pointer, ldb: key.stride, into: queryGradient.pointer, ldc: queryGradient.stride,
      m: queries, n: headSize, k: keys, alpha: scale)
    BLAS.gemm(
      gradient, lda: keys, transposeA: true, query.pointer, ldb: query.stride, into: keyGradient.pointer,
      ldc: keyGradient.stride, m: keys, n: headSize, k: queries, alpha: scale)
  }
}
