import Kernels

/// The heads of an attention, within each sequence of a sample: what self- and cross-attention have in common.
///
/// All matrices are of all rows, [rows, C], a head's channels side by side.
struct AttentionHeads<Element: MatrixElement> {
  private let name: String
  private let count: Int
  private let core: AttentionCore<Element>
  private let rotary: Rotary?
  private let logSums: UnsafeMutablePointer<Float>  // [rows * heads], sequence by sequence, head by head

  /// - Parameter name: of the attention, for those who watch.
  init(_ name: String, _ shape: StackShape, _ rotary: Rotary?, in plan: NetworkPlan<Element>) {
    self.name = name
    count = shape.headCount
    core = AttentionCore(headSize: shape.dimension / shape.headCount)
    self.rotary = rotary
    logSums = plan.kept.floats(shape.tokens.rows * shape.headCount)
  }

  /// output = attention, whose queries and keys are rotated in place. Rows of one stretch, whose heads the team divides.
  func forward(_ operands: AttentionOperands<Element>, into output: MatrixView<Element>, _ pass: Pass<Element>) {
    rotary?.turn(operands[pass.rows], rows: pass.rows, .forward)
    pass.join()
    for (number, sequence) in pass.sequences.enumerated() {
      let tokens = operands[sequence]
      for head in pass.share(of: count) {
        core.forward(
          tokens.columns(channels(head)), into: output[sequence].columns(channels(head)),
          logSum: logSum(sequence, head), pass.scratch.attention)
        pass.recordAttention(name, sequence: number, head: head, of: count)
      }
    }
    pass.join()
  }

  /// gradients = those with respect to queries, keys and values, from that of the output: [rows of the stretch, C].
  func backward(
    _ operands: AttentionOperands<Element>, outputGradient: MatrixView<Element>,
    into gradients: AttentionOperands<Element>, _ pass: Pass<Element>
  ) {
    pass.join()
    for sequence in pass.sequences {
      let (tokens, tokenGradients) = (operands[sequence], gradients[sequence])
      let local = sequence.counted(from: pass.stretch.rows.lowerBound)
      for head in pass.share(of: count) {
        core.backward(
          tokens.columns(channels(head)), outputGradient: outputGradient[local].columns(channels(head)),
          logSum: logSum(sequence, head), into: tokenGradients.columns(channels(head)), pass.scratch.attention)
      }
    }
    pass.join()
    rotary?.turn(gradients[pass.rows], rows: pass.rows, .back)
  }

  private func channels(_ head: Int) -> Range<Int> { head * core.headSize..<(head + 1) * core.headSize }

  private func logSum(_ sequence: Range<Int>, _ head: Int) -> UnsafeMutablePointer<Float> {
    logSums + sequence.lowerBound * count + head * sequence.count
  }
}
