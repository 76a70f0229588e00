import Kernels

/// What goes with one slab through all layers of encoder or decoder: where its rows lie, and what the worker brings along.
struct Pass<Element: MatrixElement> {
  let slab: TokenLayout.Slab
  /// The slab's rows in the stack's streams.
  let rows: Range<Int>
  /// Rows of tokens that attend to each other, within ``rows``.
  let sequences: [Range<Int>]
  /// The worker's own memory.
  let scratch: Scratch<Element>
  let recorder: TensorRecorder?

  private init(
    _ slab: TokenLayout.Slab, _ rows: Range<Int>, _ sequences: [Range<Int>], _ scratch: Scratch<Element>,
    _ recorder: TensorRecorder?
  ) {
    (self.slab, self.rows, self.sequences) = (slab, rows, sequences)
    (self.scratch, self.recorder) = (scratch, recorder)
  }

  /// A pass through the encoder.
  static func encoder(
    _ slab: TokenLayout.Slab, _ scratch: Scratch<Element>, _ recorder: TensorRecorder?
  ) -> Pass {
    Pass(slab, slab.encoderRows, slab.encoderSequences, scratch, recorder)
  }

  /// A pass through the decoder.
  static func decoder(
    _ slab: TokenLayout.Slab, _ scratch: Scratch<Element>, _ recorder: TensorRecorder?
  ) -> Pass {
    Pass(slab, slab.decoderRows, slab.decoderSequences, scratch, recorder)
  }

  /// Records the slab's rows of a tensor where anybody wants them; `bias` [columns] is added to every row. The name is not
  /// formed otherwise.
  func record<Value: MatrixElement>(
    _ name: @autoclosure () -> String, _ values: MatrixView<Value>, adding bias: UnsafePointer<Float>? = nil
  ) {
    recorder?.record(name(), values, rows, adding: bias)
  }
}
