internal import CTransformer
import Kernels

/// Between encoder and decoder: the linear map to decoder channels, the mask tokens, and the decoder's positions.
///
/// Source: CroCo, section 3.1: visible tokens go back to their places, the mask token fills the others, and positions are
/// added to both streams.
struct DecoderInput<Element: Operand> {
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

  /// stream and memory [decoder rows, C] from the normalised encoder output of one slab.
  ///
  /// - Parameter embedded: room for the mapped tokens of the slab: [encoder rows of the slab, C].
  func forward(
    _ normalized: MatrixView<Element>, embedded: Matrix, positions: UnsafePointer<Int32>, _ slab: TokenLayout.Slab,
    stream: Matrix, memory: Stream<Element>, _ recorder: TensorRecorder?
  ) {
    linear.forward(normalized, into: embedded)
    croco_add_bias(embedded.pointer, embedded.columns, linear.bias, embedded.rows, embedded.columns)
    recorder?.record("decoder_embed", embedded, slab.encoderRows)
    let columns = embedded.columns
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
      memory.values.row(first).update(
        from: embedded.row(source + layout.visibleCount), count: layout.patchCount * columns)
      rasterPositions.withUnsafeBufferPointer { raster in
        let rows = first..<first + layout.patchCount
        PositionTable.add(table, to: stream[rows], positions: raster.baseAddress!)
        PositionTable.add(table, to: memory.values[rows], positions: raster.baseAddress!)
      }
    }
    memory[slab.decoderRows].updateOperands()
    recorder?.record("dec_in.x", stream[slab.decoderRows], slab.decoderRows)
    recorder?.record("dec_in.y", memory.values[slab.decoderRows], slab.decoderRows)
  }

  /// embeddedGradient [encoder rows, C] gathered from the gradients of stream and memory, for one slab.
  func backward(
    streamGradient: Matrix, memoryGradient: Matrix, positions: UnsafePointer<Int32>, _ slab: TokenLayout.Slab,
    into embeddedGradient: MatrixView<Element>, _ recorder: TensorRecorder?
  ) {
    let columns = embeddedGradient.columns
    for (number, sample) in slab.samples.enumerated() {
      let first = sample * layout.patchCount
      let visible = slab.encoderSequences[2 * number]
      for row in visible {
        Element.convert(
          streamGradient.row(first + Int(positions[row])), into: embeddedGradient.row(row), count: columns)
      }
      Element.convert(
        memoryGradient.row(first),
        into: embeddedGradient.row(slab.encoderSequences[2 * number + 1].lowerBound),
        count: layout.patchCount * columns)
    }
    recorder?.record("dec_in.x", streamGradient[slab.decoderRows], slab.decoderRows)
    recorder?.record("dec_in.y", memoryGradient[slab.decoderRows], slab.decoderRows)
    recorder?.record("decoder_embed", embeddedGradient[slab.encoderRows], slab.encoderRows)
  }

  /// Forms the mask token's gradient: the sum of the stream's gradient over the masked places, rows in order, added to
  /// what is there where `adding`.
  func formMaskTokenGradient(_ streamGradient: Matrix, mask: UnsafePointer<UInt8>, adding: Bool) {
    if !adding { maskTokenGradient.update(repeating: 0, count: streamGradient.columns) }
    for row in 0..<streamGradient.rows where mask[row] != 0 {
      croco_add(maskTokenGradient, streamGradient.row(row), streamGradient.columns)
    }
  }
}
