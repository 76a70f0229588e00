internal import CKernels
import Tensors

/// Multi-head cross-attention: queries from the stream of view 1, keys and values from the memory of view 2.
///
/// Source: CroCo, section 3.1 (the decoder's second attention). The key and value maps run as one GEMM.
struct CrossAttention {
  private let query: Linear
  private let keyValue: Linear
  private let projection: Linear
  private let headCount: Int
  private let core: AttentionCore
  private let rotary: Rotary

  init(_ name: String, headCount: Int, rotary: Rotary, in store: ParameterStore) {
    query = Linear(name + ".projq", in: store)
    keyValue = Linear(name + ".projk", and: name + ".projv", in: store)
    projection = Linear(name + ".proj", in: store)
    self.headCount = headCount
    self.rotary = rotary
    core = AttentionCore(headSize: projection.inputs / headCount)
  }

  /// What backward needs.
  struct Saved {
    let query: Matrix  // [rows, C], biased and rotated
    let keyValue: Matrix  // [rows, 2C], biased, keys rotated
    let output: Matrix  // [rows, C], before the output map
    let logSum: UnsafeMutablePointer<Float>  // [rows * heads]

    init(_ arena: Arena, rows: Int, dimension: Int, headCount: Int) {
      query = arena.matrix(rows, dimension)
      keyValue = arena.matrix(rows, 2 * dimension)
      output = arena.matrix(rows, dimension)
      logSum = arena.floats(rows * headCount)
    }
  }

  /// Gradients that ``addGradients`` needs, over all rows.
  struct Gradients {
    let query: Matrix  // [rows, C]
    let keyValue: Matrix  // [rows, 2C]

    init(_ arena: Arena, rows: Int, dimension: Int) {
      query = arena.matrix(rows, dimension)
      keyValue = arena.matrix(rows, 2 * dimension)
    }
  }

  /// The bias that ends the branch; the residual pass adds it.
  var branchBias: UnsafePointer<Float> { UnsafePointer(projection.bias) }

  /// Keys and values of the memory, which must be normalised already where the network does so: [rows, C].
  func forward(memory: Matrix, rows: Range<Int>, _ saved: Saved) {
    let joint = saved.keyValue[rows]
    keyValue.forward(memory, into: joint)
    croco_add_bias(joint.pointer, joint.columns, keyValue.bias, joint.rows, joint.columns)
    rotary.rotate(joint.pointer, stride: joint.columns, rows: rows)
  }

  /// branch = output map (without bias) of the attention of `normalized` to the memory: [rows, C].
  func forward(
    _ normalized: Matrix, rows: Range<Int>, sequences: [Range<Int>], _ saved: Saved, into branch: Matrix,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let queries = saved.query[rows]
    query.forward(normalized, into: queries)
    croco_add_bias(queries.pointer, queries.columns, query.bias, queries.rows, queries.columns)
    rotary.rotate(queries.pointer, stride: queries.columns, rows: rows)
    for sequence in sequences {
      for index in 0..<headCount {
        let (key, value) = keyAndValue(saved.keyValue, sequence, index)
        core.forward(
          query: head(of: saved.query, sequence, index), key: key, value: value,
          output: head(of: saved.output, sequence, index), logSum: logSum(saved, sequence, index),
          queries: sequence.count, keys: sequence.count, scratch: scratch)
      }
    }
    projection.forward(saved.output[rows], into: branch)
  }

  /// normalizedGradient = gradient with respect to the query stream; that of the memory follows from ``backwardMemory``.
  func backward(
    _ branchGradient: Matrix, rows: Range<Int>, sequences: [Range<Int>], _ saved: Saved, _ gradients: Gradients,
    outputGradient: Matrix, into normalizedGradient: Matrix, scratch: UnsafeMutablePointer<Float>
  ) {
    projection.backward(branchGradient, into: outputGradient)
    for sequence in sequences {
      for index in 0..<headCount {
        let (key, value) = keyAndValue(saved.keyValue, sequence, index)
        let (keyGradient, valueGradient) = keyAndValue(gradients.keyValue, sequence, index)
        let local = sequence.lowerBound - rows.lowerBound..<sequence.upperBound - rows.lowerBound
        core.backward(
          query: head(of: saved.query, sequence, index), key: key, value: value,
          outputGradient: head(of: outputGradient, local, index), logSum: logSum(saved, sequence, index),
          queryGradient: head(of: gradients.query, sequence, index), keyGradient: keyGradient,
          valueGradient: valueGradient, queries: sequence.count, keys: sequence.count, scratch: scratch)
      }
    }
    let queries = gradients.query[rows]
    rotary.rotateBack(queries.pointer, stride: queries.columns, rows: rows)
    query.backward(queries, into: normalizedGradient)
    let joint = gradients.keyValue[rows]
    rotary.rotateBack(joint.pointer, stride: joint.columns, rows: rows)
  }

  /// memoryGradient = (or +=) gradient with respect to the (normalised) memory: [rows, C].
  func backwardMemory(_ gradients: Gradients, rows: Range<Int>, into memoryGradient: Matrix, adding: Bool) {
    keyValue.backward(gradients.keyValue[rows], into: memoryGradient, adding: adding)
  }

  /// Adds part `part` of `parts` of the parameter gradients, over all rows.
  func addGradients(
    _ branchGradient: Matrix, _ gradients: Gradients, normalized: Matrix, memory: Matrix, _ saved: Saved, part: Int,
    of parts: Int
  ) {
    projection.addGradients(branchGradient, input: saved.output, part: part, of: parts)
    query.addGradients(gradients.query, input: normalized, part: part, of: parts)
    keyValue.addGradients(gradients.keyValue, input: memory, part: part, of: parts)
  }

  private func keyAndValue(
    _ joint: Matrix, _ sequence: Range<Int>, _ index: Int
  ) -> (AttentionCore.Operand, AttentionCore.Operand) {
    let first = joint.row(sequence.lowerBound) + index * core.headSize
    return (.init(first, stride: joint.columns), .init(first + projection.inputs, stride: joint.columns))
  }

  private func head(of matrix: Matrix, _ sequence: Range<Int>, _ index: Int) -> AttentionCore.Operand {
    .init(matrix.row(sequence.lowerBound) + index * core.headSize, stride: matrix.columns)
  }

  private func logSum(_ saved: Saved, _ sequence: Range<Int>, _ index: Int) -> UnsafeMutablePointer<Float> {
    saved.logSum + sequence.lowerBound * headCount + index * sequence.count
  }
}
