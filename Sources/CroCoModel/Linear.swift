internal import CKernels
import Tensors

/// A linear map y = x W^T + b with W [outputs, inputs]. The bias is left to the pass that follows the GEMM.
struct Linear<Element: Operand> {
  let inputs: Int
  let outputs: Int
  let bias: UnsafeMutablePointer<Float>  // [outputs]
  private let weight: UnsafeMutablePointer<Element>  // [outputs, inputs]
  private let weightGradient: UnsafeMutablePointer<Float>
  private let biasGradient: UnsafeMutablePointer<Float>

  /// The map `name`; with `second`, the two maps of the same input as one (their weights lie side by side in the store).
  init(_ name: String, and second: String? = nil, in parameters: NetworkParameters<Element>) {
    let store = parameters.store
    let weight = store.parameter(name + ".weight")
    let bias = store.parameter(name + ".bias")
    var outputs = weight.shape[0]
    if let second {
      let other = store.parameter(second + ".weight")
      precondition(
        other.range.lowerBound == weight.range.upperBound
          && store.parameter(second + ".bias").range.lowerBound == bias.range.upperBound,
        "\(name) and \(second) do not lie side by side")
      outputs += other.shape[0]
    }
    self.outputs = outputs
    inputs = weight.range.count / weight.shape[0]
    self.weight = parameters.values + weight.range.lowerBound
    self.bias = store.values.pointer + bias.range.lowerBound
    weightGradient = store.gradients.pointer + weight.range.lowerBound
    biasGradient = store.gradients.pointer + bias.range.lowerBound
  }

  /// output = input W^T, without the bias. [rows, inputs] -> [rows, outputs]
  func forward(_ input: MatrixView<Element>, into output: Matrix) {
    Element.gemm(
      input.pointer, lda: inputs, transposeA: false, weight, ldb: inputs, transposeB: true, into: output.pointer,
      ldc: outputs, m: input.rows, n: outputs, k: inputs, adding: false)
  }

  /// The same, for other products to read.
  func forward(_ input: MatrixView<Element>, toOperand output: MatrixView<Element>) {
    Element.gemm(
      input.pointer, lda: inputs, transposeA: false, weight, ldb: inputs, transposeB: true, toOperand: output.pointer,
      ldc: outputs, m: input.rows, n: outputs, k: inputs)
  }

  /// inputGradient = outputGradient W (+ inputGradient where `adding`). [rows, outputs] -> [rows, inputs]
  func backward(_ outputGradient: MatrixView<Element>, into inputGradient: Matrix, adding: Bool = false) {
    Element.gemm(
      outputGradient.pointer, lda: outputs, transposeA: false, weight, ldb: inputs, transposeB: false,
      into: inputGradient.pointer, ldc: inputs, m: outputGradient.rows, n: inputs, k: outputs, adding: adding)
  }

  /// The same, for other products to read.
  func backward(_ outputGradient: MatrixView<Element>, toOperand inputGradient: MatrixView<Element>) {
    Element.gemm(
      outputGradient.pointer, lda: outputs, transposeA: false, weight, ldb: inputs, transposeB: false,
      toOperand: inputGradient.pointer, ldc: inputs, m: outputGradient.rows, n: inputs, k: outputs)
  }

  /// Forms one part (a range of output rows) of the weight and bias gradients.
  func formGradients(_ outputGradient: MatrixView<Element>, input: MatrixView<Element>, _ part: GradientPart) {
    let range = Partition.range(part.index, of: part.count, count: outputs, grain: 16)
    if range.isEmpty { return }
    let gradient = outputGradient.pointer + range.lowerBound
    Element.gemm(
      gradient, lda: outputs, transposeA: true, input.pointer, ldb: inputs, transposeB: false,
      into: weightGradient + range.lowerBound * inputs, ldc: inputs, m: range.count, n: inputs, k: input.rows,
      adding: part.adds)
    Element.columnSums(
      gradient, stride: outputs, into: biasGradient + range.lowerBound, rows: input.rows, columns: range.count,
      adding: part.adds)
  }
}

/// A share of forming parameter gradients: one of `count` ranges of each layer's output rows.
struct GradientPart {
  let index: Int
  let count: Int
  /// Whether gradients are added to what is there, as in all passes of a micro-batch but the first.
  let adds: Bool
}
