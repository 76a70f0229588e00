import Kernels

/// Attention of all heads, sequence by sequence. Self- and cross-attention differ in where queries, keys and values come from.
struct AttentionHeads<Element: MatrixElement> {
  /// Heads, h.
  let count: Int
  private let core: AttentionCore<Element>
  private let rotary: Rotary

  init(count: Int, dimension: Int, rotary: Rotary) {
    self.count = count
    self.rotary = rotary
    core = AttentionCore(headSize: dimension / count)
  }

  /// output = attention of each head: [all rows, C]. Rotates queries and keys in place as it comes to them.
  ///
  /// - Parameters:
  ///   - operands: [all rows, C] each; the pass says which rows.
  ///   - logSum: [all rows * heads], sequence by sequence, head by head.
  func forward(
    _ operands: AttentionOperands<Element>, into output: MatrixView<Element>, logSum: UnsafeMutablePointer<Float>,
    _ pass: Pass<Element>
  ) {
    for sequence in pass.sequences {
      let tokens = operands[sequence], result = output[sequence]
      rotary.rotate(tokens.query, rows: sequence)
      rotary.rotate(tokens.key, rows: sequence)
      for head in 0..<count {
        core.forward(
          tokens.columns(columns(head)), into: result.columns(columns(head)), logSum: logSum + place(sequence, head),
          pass.scratch.attention)
      }
    }
  }

  /// gradients = those with respect to queries, keys (before they were rotated) and values: [all rows, C] each.
  ///
  /// - Parameter outputGradient: of the pass's rows alone: [rows, C].
  func backward(
    _ operands: AttentionOperands<Element>, outputGradient: MatrixView<Element>, logSum: UnsafePointer<Float>,
    into gradients: AttentionOperands<Element>, _ pass: Pass<Element>
  ) {
    let first = pass.rows.lowerBound
    for sequence in pass.sequences {
      let tokens = operands[sequence], results = gradients[sequence]
      let resultGradient = outputGradient[sequence.lowerBound - first..<sequence.upperBound - first]
      for head in 0..<count {
        core.backward(
          tokens.columns(columns(head)), outputGradient: resultGradient.columns(columns(head)),
          logSum: logSum + place(sequence, head), into: results.columns(columns(head)), pass.scratch.attention)
      }
      rotary.rotateBack(results.query, rows: sequence)
      rotary.rotateBack(results.key, rows: sequence)
    }
  }

  private func columns(_ head: Int) -> Range<Int> { head * core.headSize..<(head + 1) * core.headSize }

  private func place(_ sequence: Range<Int>, _ head: Int) -> Int { sequence.lowerBound * count + head * sequence.count }
}
