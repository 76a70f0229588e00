import Kernels

/// Between encoder and decoder: the linear map to decoder channels, the mask tokens, and the decoder's positions.
///
/// Source: CroCo, section 3.1: visible tokens go back to their places, the mask token fills the others, and positions are
/// added to both streams.
///
/// `source` is a pass over the encoder's rows, K visible tokens of view 1 and N of view 2 a sample; `pass` one over the
/// decoder's, N a sample. Both are over the same samples.
struct DecoderInput<Element: MatrixElement> {
  let linear: Linear<Element>
  private let maskToken: UnsafePointer<Float>  // [C]
  private let maskTokenGradient: UnsafeMutablePointer<Float>
  private let sourcePositions: UnsafePointer<Int32>  // the patch index of each of the encoder's rows
  private let positions: PositionEmbedding

  init(
    inputs: Int, outputs: Int, source sourcePositions: UnsafePointer<Int32>, _ positions: PositionEmbedding,
    in plan: NetworkPlan<Element>
  ) {
    linear = Linear("decoder_embed", inputs: inputs, outputs: outputs, in: plan)
    let token = plan.parameters.declare([
      ParameterDeclaration("mask_token", [1, 1, outputs], .normal(deviation: 0.02), isDecayed: true)
    ])
    maskToken = UnsafePointer(token.values)
    maskTokenGradient = token.gradients
    self.sourcePositions = sourcePositions
    self.positions = positions
  }

  /// stream and context [decoder rows, C] from the encoder's features: each thread places those of its rows.
  func forward(
    _ encoded: MatrixView<Element>, _ source: Pass<Element>, stream: Matrix, context: Stream<Element>,
    _ pass: Pass<Element>
  ) {
    let columns = linear.outputs
    let embedded = source.scratch.embedded(encoded.rows, columns)  // [encoder rows of the thread, C]
    linear.forward(encoded, into: embedded, source)
    embedded.add(bias: linear.bias)
    source.record("decoder_embed", embedded)
    for row in pass.rows { stream.row(row).update(from: maskToken, count: columns) }
    pass.join()
    forEachRow(source, pass) { row, view, place in
      let target = view == 0 ? stream : context.values
      target.row(place).update(from: embedded.row(row - source.rows.lowerBound), count: columns)
    }
    pass.join()
    let (stream, context) = (stream[pass.rows], context[pass.rows])
    positions.add(to: stream, rows: pass.rows)
    positions.add(to: context.values, rows: pass.rows)
    context.updateOperands()
    pass.record("dec_in.x", stream)
    pass.record("dec_in.y", context.values)
  }

  /// embeddedGradient [encoder rows, C] gathered from the gradients of stream and context, for the rows of one thread.
  func backward(
    streamGradient: Matrix, contextGradient: Matrix, into embeddedGradient: MatrixView<Element>,
    _ source: Pass<Element>, _ pass: Pass<Element>
  ) {
    forEachRow(source, pass) { row, view, place in
      let gradient = view == 0 ? streamGradient : contextGradient
      Element.convert(gradient.row(place), into: embeddedGradient.row(row), count: linear.outputs)
    }
    pass.record("dec_in.x", streamGradient[pass.rows])
    pass.record("dec_in.y", contextGradient[pass.rows])
    source.record("decoder_embed", embeddedGradient[source.rows])
  }

  /// Calls `body` for each of the thread's rows of the encoder, with its view, 0 or 1, and the decoder's row of the same patch.
  private func forEachRow(
    _ source: Pass<Element>, _ pass: Pass<Element>, _ body: (_ row: Int, _ view: Int, _ place: Int) -> Void
  ) {
    for (number, sequence) in source.sequences.enumerated() {
      let (sample, view) = number.quotientAndRemainder(dividingBy: 2)
      let first = pass.sequences[sample].lowerBound
      for row in sequence.clamped(to: source.rows) { body(row, view, first + Int(sourcePositions[row])) }
    }
  }

  /// Forms the mask token's gradient: the sum of the stream's gradient over the masked places, rows in order, added to
  /// what is there where `adding`.
  func formMaskTokenGradient(_ streamGradient: Matrix, _ source: TokenLayout, adding: Bool) {
    if !adding { maskTokenGradient.update(repeating: 0, count: streamGradient.columns) }
    let (visibleCount, patchCount) = (source.lengths[0], source.lengths[1])
    for sample in 0..<source.batchSize {
      var visible = sourcePositions + sample * source.tokensPerSample
      let end = visible + visibleCount
      for patch in 0..<patchCount {
        if visible < end, Int(visible.pointee) == patch {
          visible += 1
        } else {
          addVector(
            streamGradient.row(sample * patchCount + patch), to: maskTokenGradient, count: streamGradient.columns)
        }
      }
    }
  }
}
