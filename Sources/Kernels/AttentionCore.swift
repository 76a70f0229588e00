/// Scaled dot-product attention of one head, forward and backward, inside a scratch that stays in cache.
///
/// Source: Vaswani et al., "Attention Is All You Need", NIPS 2017, equation 1. The probabilities are never stored:
/// backward forms them again from the logits and the saved log-sum-exp.
package struct AttentionCore<Element: Operand>: Sendable {
  /// Channels of a head, d.
  package let headSize: Int
  /// The factor of the logits, d^-0.5.
  package let scale: Float

  /// An attention core for heads of `headSize` channels.
  package init(headSize: Int) {
    self.headSize = headSize
    scale = Float(1 / Double(headSize).squareRoot())
  }

  /// A worker's own memory for one head of up to `capacity` = queries x keys logits.
  package struct Scratch: @unchecked Sendable {
    let logits: UnsafeMutablePointer<Float>
    let gradient: UnsafeMutablePointer<Float>
    let probabilities: UnsafeMutablePointer<Element>
    let logitsGradient: UnsafeMutablePointer<Element>

    /// Takes what it needs from `allocate`, which is given numbers of floats.
    package init(capacity: Int, allocate: (_ floats: Int) -> UnsafeMutablePointer<Float>) {
      logits = allocate(capacity)
      gradient = allocate(capacity)
      probabilities = Element.mirror(logits, count: capacity, allocate: allocate)
      logitsGradient = Element.mirror(gradient, count: capacity, allocate: allocate)
    }
  }

  /// One head's rows within wider rows: [count, headSize], `stride` elements apart.
  package struct Head {
    let pointer: UnsafeMutablePointer<Element>
    let stride: Int

    /// Views the columns from `pointer` on.
    package init(_ pointer: UnsafeMutablePointer<Element>, stride: Int) {
      self.pointer = pointer
      self.stride = stride
    }
  }

  /// output = softmax(scale * query key^T) value.
  ///
  /// - Parameter logSum: receives the log-sum-exp of each query's scaled logits: [queries].
  package func forward(
    query: Head, key: Head, value: Head, output: Head, logSum: UnsafeMutablePointer<Float>, queries: Int, keys: Int,
    _ scratch: Scratch
  ) {
    if queries == 0 { return }
    multiply(query, key, into: scratch.logits, queries, keys)
    Element.softmax(
      Matrix(scratch.logits, rows: queries, columns: keys), factor: scale, into: scratch.probabilities, logSum: logSum)
    Element.gemm(
      scratch.probabilities, lda: keys, transposeA: false, .operands(value.pointer), ldb: value.stride,
      transposeB: false, toOperand: output.pointer, ldc: output.stride, m: queries, n: headSize, k: keys, .plain)
  }

  /// Writes the gradients with respect to query, key and value from that of the output.
  package func backward(
    query: Head, key: Head, value: Head, outputGradient: Head, logSum: UnsafePointer<Float>, queryGradient: Head,
    keyGradient: Head, valueGradient: Head, queries: Int, keys: Int, _ scratch: Scratch
  ) {
    if queries == 0 { return }
    multiply(query, key, into: scratch.logits, queries, keys)
    multiply(outputGradient, value, into: scratch.gradient, queries, keys)
    Element.softmaxBackward(
      Matrix(scratch.logits, rows: queries, columns: keys), factor: scale, logSum: logSum, gradient: scratch.gradient,
      probabilities: scratch.probabilities, logitsGradient: scratch.logitsGradient)
    Element.gemm(
      scratch.probabilities, lda: keys, transposeA: true, .operands(outputGradient.pointer), ldb: outputGradient.stride,
      transposeB: false, toOperand: valueGradient.pointer, ldc: valueGradient.stride, m: keys, n: headSize, k: queries,
      .plain)
    Element.gemm(
      scratch.logitsGradient, lda: keys, transposeA: false, .operands(key.pointer), ldb: key.stride, transposeB: false,
      toOperand: queryGradient.pointer, ldc: queryGradient.stride, m: queries, n: headSize, k: keys, .plain)
    Element.gemm(
      scratch.logitsGradient, lda: keys, transposeA: true, .operands(query.pointer), ldb: query.stride,
      transposeB: false, toOperand: keyGradient.pointer, ldc: keyGradient.stride, m: keys, n: headSize, k: queries,
      .plain)
  }

  /// product = left right^T: [queries, keys].
  private func multiply(
    _ left: Head, _ right: Head, into product: UnsafeMutablePointer<Float>, _ queries: Int, _ keys: Int
  ) {
    Element.gemm(
      left.pointer, lda: left.stride, transposeA: false, .operands(right.pointer), ldb: right.stride, transposeB: true,
      into: product, ldc: keys, m: queries, n: keys, k: headSize, adding: false)
  }
}
