/// Query, key and value of one or several heads, or the gradients with respect to them: rows of tokens, columns of channels.
package struct AttentionOperands<Element: MatrixElement> {
  /// [queries, channels].
  package let query: MatrixView<Element>
  /// [keys, channels].
  package let key: MatrixView<Element>
  /// [keys, channels].
  package let value: MatrixView<Element>

  /// Gathers the three.
  package init(query: MatrixView<Element>, key: MatrixView<Element>, value: MatrixView<Element>) {
    (self.query, self.key, self.value) = (query, key, value)
  }

  /// The rows of a sequence of tokens that attend to each other.
  package subscript(rows: Range<Int>) -> AttentionOperands {
    AttentionOperands(query: query[rows], key: key[rows], value: value[rows])
  }

  /// A head's columns.
  package func columns(_ range: Range<Int>) -> AttentionOperands {
    AttentionOperands(query: query.columns(range), key: key.columns(range), value: value.columns(range))
  }
}

/// Scaled dot-product attention of one head, forward and backward, inside a scratch that stays in cache.
///
/// Source: Vaswani et al., "Attention Is All You Need", NIPS 2017, equation 1. The probabilities are never stored:
/// backward forms them again from the logits and the saved log-sum-exp.
package struct AttentionCore<Element: MatrixElement>: Sendable {
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
    private let logits: UnsafeMutablePointer<Float>
    private let gradient: UnsafeMutablePointer<Float>
    private let probabilities: UnsafeMutablePointer<Element>
    private let logitsGradient: UnsafeMutablePointer<Element>

    /// Takes what it needs from `allocate`, which is given numbers of floats.
    package init(capacity: Int, allocate: (_ floats: Int) -> UnsafeMutablePointer<Float>) {
      logits = allocate(capacity)
      gradient = allocate(capacity)
      probabilities = Element.mirror(logits, count: capacity, allocate: allocate)
      logitsGradient = Element.mirror(gradient, count: capacity, allocate: allocate)
    }

    /// The probabilities that ``AttentionCore/forward(_:into:logSum:_:)`` has just formed: [queries, keys].
    package func probabilities(_ queries: Int, _ keys: Int) -> MatrixView<Element> { logits(queries, keys).operands }

    /// Logits, and their probabilities as products read them: [queries, keys].
    func logits(_ queries: Int, _ keys: Int) -> Stream<Element> { pair(logits, probabilities, queries, keys) }

    /// The gradient with respect to the probabilities in fp32, that with respect to the logits as products read it:
    /// [queries, keys].
    func gradient(_ queries: Int, _ keys: Int) -> Stream<Element> { pair(gradient, logitsGradient, queries, keys) }

    private func pair(
      _ values: UnsafeMutablePointer<Float>, _ operands: UnsafeMutablePointer<Element>, _ rows: Int, _ columns: Int
    ) -> Stream<Element> {
      Stream(
        values: Matrix(values, rows: rows, columns: columns),
        operands: MatrixView(operands, rows: rows, columns: columns))
    }
  }

  /// output = softmax(scale * query key^T) value: [queries, d].
  ///
  /// - Parameter logSum: receives the log-sum-exp of each query's scaled logits: [queries].
  package func forward(
    _ head: AttentionOperands<Element>, into output: MatrixView<Element>, logSum: UnsafeMutablePointer<Float>,
    _ scratch: Scratch
  ) {
    if head.query.rows == 0 { return }
    let logits = scratch.logits(head.query.rows, head.key.rows)
    multiply(head.query.factor, head.key.transposed, into: logits.values)
    logits.values.softmax(factor: scale, into: logits.operands, logSum: logSum)
    multiply(logits.operands.factor, head.value.factor, into: output, finish: .plain)
  }

  /// gradients = those with respect to query, key and value, from that of the output [queries, d].
  package func backward(
    _ head: AttentionOperands<Element>, outputGradient: MatrixView<Element>, logSum: UnsafePointer<Float>,
    into gradients: AttentionOperands<Element>, _ scratch: Scratch
  ) {
    if head.query.rows == 0 { return }
    let logits = scratch.logits(head.query.rows, head.key.rows)
    let gradient = scratch.gradient(head.query.rows, head.key.rows)
    multiply(head.query.factor, head.key.transposed, into: logits.values)
    multiply(outputGradient.factor, head.value.transposed, into: gradient.values)
    logits.values.softmaxBackward(
      factor: scale, logSum: logSum, gradient: gradient.values, probabilities: logits.operands,
      logitsGradient: gradient.operands)
    multiply(logits.operands.transposed, outputGradient.factor, into: gradients.value, finish: .plain)
    multiply(gradient.operands.factor, head.key.factor, into: gradients.query, finish: .plain)
    multiply(gradient.operands.transposed, head.query.factor, into: gradients.key, finish: .plain)
  }
}
