import Kernels

/// Between encoder and decoder: the linear map to decoder channels, the mask tokens, and the decoder's positions.
///
/// Source: CroCo, section 3.1: visible tokens go back to their places, the mask token fills the others, and positions are
/// added to both streams.
struct DecoderInput<Element: MatrixElement> {
  let linear: Linear<Element>
  private let maskToken: UnsafeMutablePointer<Float>  // [C]
  private let maskTokenGradient: UnsafeMutablePointer<Float>
  private let table: [Float]  // dec_pos_embed [N, C], or empty
  private let layout: TokenLayout
  private let rasterPositions: [Int32]  // 0 ..< N

  init(_ configuration: ModelConfiguration, _ layout: TokenLayout, in parameters: NetworkParameters<Element>) {
    let store = parameters.store
    linear = Linear("decoder_embed", in: parameters)
    let range = store.parameter("mask_token").range
    maskToken = store.values.pointer + range.lowerBound
    maskTokenGradient = store.gradients.pointer + range.lowerBound
    table = ParameterLayout.buffers(configuration).first { $0.name == "dec_pos_embed" }?.values ?? []
    rasterPositions = (0..<Int32(configuration.patchCount)).map { $0 }
    self.layout = layout
  }

  /// stream and context [decoder rows, C] from the normalised encoder output of one slab, in the encoder's pass.
  func forward(
    _ normalized: MatrixView<Element>, positions: UnsafePointer<Int32>, stream: Matrix, context: Stream<Element>,
    _ pass: Pass<Element>
  ) {
    let (slab, columns) = (pass.slab, linear.outputs)
    let embedded = pass.scratch.embedded(normalized.rows, columns)  // [encoder rows of the slab, C]
    linear.forward(normalized, into: embedded)
    embedded.add(bias: linear.bias)
    pass.record("decoder_embed", embedded)
    for (number, sample) in slab.samples.enumerated() {
      let first = sample * layout.patchCount
      let source = number * (layout.visibleCount + layout.patchCount)
      for row in first..<first + layout.patchCount {
        stream.row(row).update(from: maskToken, count: columns)
      }
      let visible = positions + slab.encoderSequences[2 * number].lowerBound
      for token in 0..<layout.visibleCount {
        stream.row(first + Int(visible[token])).update(from: embedded.row(source + token), count: columns)
      }
      context.values.row(first).update(
        from: embedded.row(source + layout.visibleCount), count: layout.patchCount * columns)
      rasterPositions.withUnsafeBufferPointer { raster in
        let rows = first..<first + layout.patchCount
        PositionTable.add(table, to: stream[rows], positions: raster.baseAddress!)
        PositionTable.add(table, to: context.values[rows], positions: raster.baseAddress!)
      }
    }
    context[slab.decoderRows].updateOperands()
    pass.recorder?.record("dec_in.x", stream[slab.decoderRows], slab.decoderRows)
    pass.recorder?.record("dec_in.y", context.values[slab.decoderRows], slab.decoderRows)
  }

  /// embeddedGradient [encoder rows, C] gathered from the gradients of stream and context, for one slab, in the encoder's
  /// pass.
  func backward(
    streamGradient: Matrix, contextGradient: Matrix, positions: UnsafePointer<Int32>,
    into embeddedGradient: MatrixView<Element>, _ pass: Pass<Element>
  ) {
    let (slab, columns) = (pass.slab, embeddedGradient.columns)
    for (number, sample) in slab.samples.enumerated() {
      let first = sample * layout.patchCount
      for row in slab.encoderSequences[2 * number] {
        Element.convert(
          streamGradient.row(first + Int(positions[row])), into: embeddedGradient.row(row), count: columns)
      }
      Element.convert(
        contextGradient.row(first),
        into: embeddedGradient.row(slab.encoderSequences[2 * number + 1].lowerBound),
        count: layout.patchCount * columns)
    }
    pass.recorder?.record("dec_in.x", streamGradient[slab.decoderRows], slab.decoderRows)
    pass.recorder?.record("dec_in.y", contextGradient[slab.decoderRows], slab.decoderRows)
    pass.record("decoder_embed", embeddedGradient[pass.rows])
  }

  /// Forms the mask token's gradient: the sum of the stream's gradient over the masked places, rows in order, added to
  /// what is there where `adding`.
  func formMaskTokenGradient(_ streamGradient: Matrix, mask: UnsafePointer<UInt8>, adding: Bool) {
    if !adding { maskTokenGradient.update(repeating: 0, count: streamGradient.columns) }
    for row in 0..<streamGradient.rows where mask[row] != 0 {
      addVector(streamGradient.row(row), to: maskTokenGradient, count: streamGradient.columns)
    }
  }
}
