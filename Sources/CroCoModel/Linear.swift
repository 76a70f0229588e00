internal import CKernels
import Tensors

/// A linear map y = x W^T + b with W [outputs, inputs]. The bias is left to the pass that follows the GEMM.
struct Linear {
  let inputs: Int
  let outputs: Int
  let weight: UnsafeMutablePointer<Float>  // [outputs, inputs]
  let bias: UnsafeMutablePointer<Float>  // [outputs]
  private let weightGradient: UnsafeMutablePointer<Float>
  private let biasGradient: UnsafeMutablePointer<Float>

  /// The map `name`; with `second`, the two maps of the same input as one (their weights lie side by side in the store).
  init(_ name: String, and second: String? = nil, in store: ParameterStore) {
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
    self.weight = store.values.pointer + weight.range.lowerBound
    self.bias = store.values.pointer + bias.range.lowerBound
    weightGradient = store.gradients.pointer + weight.range.lowerBound
    biasGradient = store.gradients.pointer + bias.range.lowerBound
  }

  /// output = input W^T, without the bias. [rows, inputs] -> [rows, outputs]
  func forward(_ input: Matrix, into output: Matrix) {
    BLAS.gemm(
      input.pointer, lda: inputs, weight, ldb: inputs, transposeB: true, into: output.pointer, ldc: outputs,
      m: input.rows, n: outputs, k: inputs)
  }

  /// inputGradient = outputGradient W (+ inputGradient where `adding`). [rows, outputs] -> [rows, inputs]
  func backward(_ outputGradient: Matrix, into inputGradient: Matrix, adding: Bool = false) {
    BLAS.gemm(
      outputGradient.pointer, lda: outputs, weight, ldb: inputs, into: inputGradient.pointer, ldc: inputs,
      m: outputGradient.rows, n: inputs, k: outputs, beta: adding ? 1 : 0)
  }

  /// Adds part `part` of `parts` (a range of output rows) of the weight and bias gradients.
  func addGradients(_ outputGradient: Matrix, input: Matrix, part: Int, of parts: Int) {
    let range = Partition.range(part, of: parts, count: outputs, grain: 16)
    if range.isEmpty || input.rows == 0 { return }
    let gradient = outputGradient.pointer + range.lowerBound
    BLAS.gemm(
      gradient, lda: outputs, transposeA: true, input.pointer, ldb: inputs,
      into: weightGradient + range.lowerBound * inputs, ldc: inputs,
      m: range.count, n: inputs, k: input.rows, beta: 1)
    croco_add_column_sums(gradient, outputs, biasGradient + range.lowerBound, input.rows, range.count)
  }
}
