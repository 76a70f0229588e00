import Kernels
import Runtime

/// What goes through all layers with one slab: its rows, a worker's scratch, who watches, and who brings the parameters.
struct Pass<Element: MatrixElement> {
  let tokens: TokenLayout
  let slab: TokenLayout.Slab
  let scratch: Scratch<Element>
  let recorder: TensorRecorder?
  private let arrival: Arrival?

  init(
    _ tokens: TokenLayout, slab: Int, _ scratch: Scratch<Element>, _ recorder: TensorRecorder?,
    _ arrival: Arrival? = nil
  ) {
    self.tokens = tokens
    self.slab = tokens.slabs[slab]
    self.scratch = scratch
    self.recorder = recorder
    self.arrival = arrival
  }

  /// The slab's rows in the buffers of all rows.
  var rows: Range<Int> { slab.rows }

  /// The rows of each sequence.
  var sequences: [Range<Int>] { slab.sequences }

  /// The same samples where they lie in another stack.
  func over(_ tokens: TokenLayout) -> Pass { Pass(tokens, slab: slab.index, scratch, recorder, arrival) }

  /// The same without anybody who watches.
  var unwatched: Pass { Pass(tokens, slab: slab.index, scratch, nil, arrival) }

  /// Waits until the parameters of `range` are there, which may be on their way from other ranks.
  func awaitParameters(_ range: Range<Int>) { arrival?.wait(for: range.upperBound) }

  /// Shows the slab's rows of a tensor to whoever watches; `bias` [columns] is added to every row.
  func record<Value: MatrixElement>(
    _ name: String, _ values: MatrixView<Value>, adding bias: UnsafePointer<Float>? = nil
  ) {
    recorder?.record(name, values, tokens, slab, adding: bias)
  }

  /// Shows the probabilities that a head's attention has just left in the scratch: those of the slab's sequence `number`.
  func recordAttention(_ name: String, sequence number: Int, head: Int, of heads: Int) {
    guard let recorder else { return }
    let length = sequences[number].count
    recorder.recordAttention(
      name, scratch.attention.probabilities(length, length), head: head, of: heads, tokens,
      sequence: slab.samples.lowerBound * tokens.lengths.count + number)
  }
}
