import Kernels

/// Multi-head cross-attention: queries from the stream of view 1, keys and values from the memory of view 2.
///
/// Source: CroCo, section 3.1 (the decoder's second attention). The key and value maps run as one GEMM.
struct CrossAttention<Element: Operand> {
  private let query: Linear<Element>
  private let keyValue: Linear<Element>
  private let projection: Linear<Element>
  private let headCount: Int
  private let core: AttentionCore<Element>
  private let rotary: Rotary

  init(_ name: String, headCount: Int, rotary: Rotary, in parameters: NetworkParameters<Element>) {
    query = Linear(name + ".projq", in: parameters)
    keyValue = Linear(name + ".projk", and: name + ".projv", in: parameters)
    projection = Linear(name + ".proj", in: parameters)
    self.headCount = headCount
    self.rotary = rotary
    core = AttentionCore(headSize: projection.inputs / headCount)
  }

  /// What backward needs.
  struct Saved {
    let query: MatrixView<Element>  // [rows, C], biased and rotated
    let keyValue: MatrixView<Element>  // [rows, 2C], biased, keys rotated
    let output: MatrixView<Element>  // [rows, C], before the output map
    let logSum: UnsafeMutablePointer<Float>  // [rows * heads]

    init(_ arena: Arena, rows: Int, dimension: Int, headCount: Int) {
      query = arena.operands(rows, dimension)
      keyValue = arena.operands(rows, 2 * dimension)
      output = arena.operands(rows, dimension)
      logSum = arena.floats(rows * headCount)
    }
  }

  /// Gradients that ``formGradients`` needs, over all rows.
  struct Gradients {
    let query: MatrixView<Element>  // [rows, C]
    let keyValue: MatrixView<Element>  // [rows, 2C]

    init(_ arena: Arena, rows: Int, dimension: Int) {
      query = arena.operands(rows, dimension)
      keyValue = arena.operands(rows, 2 * dimension)
    }
  }

  /// The bias that ends the branch; the residual pass adds it.
  var branchBias: UnsafePointer<Float> { UnsafePointer(projection.bias) }

  /// Keys and values of the memory, which must be normalised already where the network does so: [rows, C]. The keys are
  /// rotated as attention comes to them.
  func forward(memory: MatrixView<Element>, rows: Range<Int>, _ saved: Saved) {
    keyValue.forward(memory, biasedTo: saved.keyValue[rows])
  }

  /// branch = output map (without bias) of the attention of `normalized` to the memory: [rows, C].
  func forward(
    _ normalized: MatrixView<Element>, rows: Range<Int>, sequences: [Range<Int>], _ saved: Saved, into branch: Matrix,
    scratch: AttentionCore<Element>.Scratch
  ) {
    query.forward(normalized, biasedTo: saved.query[rows])
    for sequence in sequences {
      let first = sequence.lowerBound
      rotary.rotate(saved.query.row(first), stride: saved.query.columns, rows: sequence)
      rotary.rotate(saved.keyValue.row(first), stride: saved.keyValue.columns, rows: sequence)
      for index in 0..<headCount {
        let (key, value) = keyAndValue(saved.keyValue, sequence, index)
        core.forward(
          query: head(of: saved.query, sequence, index), key: key, value: value,
          output: head(of: saved.output, sequence, index), logSum: logSum(saved, sequence, index),
          queries: sequence.count, keys: sequence.count, scratch)
      }
    }
    projection.forward(saved.output[rows], into: branch)
  }

  /// normalizedGradient = gradient with respect to the query stream; that of the memory follows from ``backwardMemory``.
  func backward(
    _ branchGradient: MatrixView<Element>, rows: Range<Int>, sequences: [Range<Int>], _ saved: Saved,
    _ gradients: Gradients,
    outputGradient: MatrixView<Element>, into normalizedGradient: Matrix, scratch: AttentionCore<Element>.Scratch
  ) {
    projection.backward(branchGradient, toOperand: outputGradient)
    for sequence in sequences {
      for index in 0..<headCount {
        let (key, value) = keyAndValue(saved.keyValue, sequence, index)
        let (keyGradient, valueGradient) = keyAndValue(gradients.keyValue, sequence, index)
        let local = sequence.lowerBound - rows.lowerBound..<sequence.upperBound - rows.lowerBound
        core.backward(
          query: head(of: saved.query, sequence, index), key: key, value: value,
          outputGradient: head(of: outputGradient, local, index), logSum: logSum(saved, sequence, index),
          queryGradient: head(of: gradients.query, sequence, index), keyGradient: keyGradient,
          valueGradient: valueGradient, queries: sequence.count, keys: sequence.count, scratch)
      }
      let first = sequence.lowerBound
      rotary.rotateBack(gradients.query.row(first), stride: gradients.query.columns, rows: sequence)
      rotary.rotateBack(gradients.keyValue.row(first), stride: gradients.keyValue.columns, rows: sequence)
    }
    query.backward(gradients.query[rows], into: normalizedGradient)
  }

  /// memoryGradient = (or +=) gradient with respect to the (normalised) memory: [rows, C].
  func backwardMemory(_ gradients: Gradients, rows: Range<Int>, into memoryGradient: Matrix, adding: Bool) {
    keyValue.backward(gradients.keyValue[rows], into: memoryGradient, adding: adding)
  }

  /// Forms one part of the parameter gradients, over all rows.
  func formGradients(
    _ branchGradient: MatrixView<Element>, _ gradients: Gradients, normalized: MatrixView<Element>,
    memory: MatrixView<Element>, _ saved: Saved, _ part: GradientPart
  ) {
    projection.formGradients(branchGradient, input: saved.output, part)
    query.formGradients(gradients.query, input: normalized, part)
    keyValue.formGradients(gradients.keyValue, input: memory, part)
  }

  private func keyAndValue(
    _ joint: MatrixView<Element>, _ sequence: Range<Int>, _ index: Int
  ) -> (AttentionCore<Element>.Head, AttentionCore<Element>.Head) {
    let first = joint.row(sequence.lowerBound) + index * core.headSize
    return (.init(first, stride: joint.columns), .init(first + projection.inputs, stride: joint.columns))
  }

  private func head(of matrix: MatrixView<Element>, _ sequence: Range<Int>, _ index: Int) -> AttentionCore<Element>.Head
  {
    .init(matrix.row(sequence.lowerBound) + index * core.headSize, stride: matrix.columns)
  }

  private func logSum(_ saved: Saved, _ sequence: Range<Int>, _ index: Int) -> UnsafeMutablePointer<Float> {
    saved.logSum + sequence.lowerBound * headCount + index * sequence.count
  }
}
