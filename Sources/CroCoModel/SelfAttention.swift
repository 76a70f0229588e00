import Kernels

/// Multi-head self-attention: joint query-key-value map, attention within each sequence, output map.
///
/// Source: Vaswani et al. 2017; reference convention: `qkv` yields query, key, value in that order, heads contiguous.
struct SelfAttention<Element: Operand> {
  private let qkv: Linear<Element>
  private let projection: Linear<Element>
  private let headCount: Int
  private let core: AttentionCore<Element>
  private let rotary: Rotary

  init(_ name: String, headCount: Int, rotary: Rotary, in parameters: NetworkParameters<Element>) {
    qkv = Linear(name + ".qkv", in: parameters)
    projection = Linear(name + ".proj", in: parameters)
    self.headCount = headCount
    self.rotary = rotary
    core = AttentionCore(headSize: projection.inputs / headCount)
  }

  /// What backward needs.
  struct Saved {
    let qkv: MatrixView<Element>  // [rows, 3C], biased and rotated
    let output: MatrixView<Element>  // [rows, C], before the output map
    let logSum: UnsafeMutablePointer<Float>  // [rows * heads], sequence by sequence, head by head

    init(_ arena: Arena, rows: Int, dimension: Int, headCount: Int) {
      qkv = arena.operands(rows, 3 * dimension)
      output = arena.operands(rows, dimension)
      logSum = arena.floats(rows * headCount)
    }
  }

  /// The bias that ends the branch; the residual pass adds it.
  var branchBias: UnsafePointer<Float> { UnsafePointer(projection.bias) }

  /// branch = output map (without bias) of the attention over `normalized`: [rows, C].
  func forward(
    _ normalized: MatrixView<Element>, rows: Range<Int>, sequences: [Range<Int>], _ saved: Saved, into branch: Matrix,
    scratch: AttentionCore<Element>.Scratch
  ) {
    qkv.forward(normalized, biasedTo: saved.qkv[rows])
    for sequence in sequences {
      let joint = saved.qkv.row(sequence.lowerBound)
      rotary.rotate(joint, stride: saved.qkv.columns, rows: sequence)
      rotary.rotate(joint + projection.inputs, stride: saved.qkv.columns, rows: sequence)
      for index in 0..<headCount {
        let (query, key, value) = operands(saved.qkv, sequence, index)
        core.forward(
          query: query, key: key, value: value, output: head(of: saved.output, sequence, index),
          logSum: logSum(saved, sequence, index), queries: sequence.count, keys: sequence.count, scratch)
      }
    }
    projection.forward(saved.output[rows], into: branch)
  }

  /// normalizedGradient = gradient with respect to the branch's input; qkvGradient is kept for ``formGradients``.
  func backward(
    _ branchGradient: MatrixView<Element>, rows: Range<Int>, sequences: [Range<Int>], _ saved: Saved,
    qkvGradient: MatrixView<Element>,
    outputGradient: MatrixView<Element>, into normalizedGradient: Matrix, scratch: AttentionCore<Element>.Scratch
  ) {
    projection.backward(branchGradient, toOperand: outputGradient)
    for sequence in sequences {
      for index in 0..<headCount {
        let (query, key, value) = operands(saved.qkv, sequence, index)
        let (queryGradient, keyGradient, valueGradient) = operands(qkvGradient, sequence, index)
        let local = sequence.lowerBound - rows.lowerBound..<sequence.upperBound - rows.lowerBound
        core.backward(
          query: query, key: key, value: value, outputGradient: head(of: outputGradient, local, index),
          logSum: logSum(saved, sequence, index), queryGradient: queryGradient, keyGradient: keyGradient,
          valueGradient: valueGradient, queries: sequence.count, keys: sequence.count, scratch)
      }
      let joint = qkvGradient.row(sequence.lowerBound)
      rotary.rotateBack(joint, stride: qkvGradient.columns, rows: sequence)
      rotary.rotateBack(joint + projection.inputs, stride: qkvGradient.columns, rows: sequence)
    }
    qkv.backward(qkvGradient[rows], into: normalizedGradient)
  }

  /// Forms one part of the parameter gradients, over all rows.
  func formGradients(
    _ branchGradient: MatrixView<Element>, qkvGradient: MatrixView<Element>, normalized: MatrixView<Element>,
    _ saved: Saved, _ part: GradientPart
  ) {
    projection.formGradients(branchGradient, input: saved.output, part)
    qkv.formGradients(qkvGradient, input: normalized, part)
  }

  private func operands(
    _ joint: MatrixView<Element>, _ sequence: Range<Int>, _ index: Int
  ) -> (AttentionCore<Element>.Head, AttentionCore<Element>.Head, AttentionCore<Element>.Head) {
    let first = joint.row(sequence.lowerBound) + index * core.headSize
    let dimension = projection.inputs
    return (
      .init(first, stride: joint.columns), .init(first + dimension, stride: joint.columns),
      .init(first + 2 * dimension, stride: joint.columns)
    )
  }

  private func head(of matrix: MatrixView<Element>, _ sequence: Range<Int>, _ index: Int) -> AttentionCore<Element>.Head
  {
    .init(matrix.row(sequence.lowerBound) + index * core.headSize, stride: matrix.columns)
  }

  private func logSum(_ saved: Saved, _ sequence: Range<Int>, _ index: Int) -> UnsafeMutablePointer<Float> {
    saved.logSum + sequence.lowerBound * headCount + index * sequence.count
  }
}
