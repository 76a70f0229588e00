import Kernels

/// A linear map y = x W^T + b with W [outputs, inputs]. The bias is added on the way, or by the pass that
/// follows the product.
struct Linear<Element: Operand> {
  let inputs: Int
  let outputs: Int
  let bias: UnsafeMutablePointer<Float>  // [outputs]
  private let weight: RightFactor<Element>  // [outputs, inputs]
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
    self.weight = parameters.factor(from: weight.range.lowerBound)
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

  /// The same for other products to read, finished with this map's bias.
  func forward(_ input: MatrixView<Element>, biasedTo output: MatrixView<Element>) {
    forward(input, to: output, .bias(bias))
  }

  /// The same, and activated = GELU(output).
  func forward(_ input: MatrixView<Element>, biasedTo output: MatrixView<Element>, activated: MatrixView<Element>) {
    forward(input, to: output, .biasGELU(bias, activated: activated.pointer))
  }

  private func forward(_ input: MatrixView<Element>, to output: MatrixView<Element>, _ finish: Finish<Element>) {
    Element.gemm(
      input.pointer, lda: inputs, transposeA: false, weight, ldb: inputs, transposeB: true, toOperand: output.pointer,
      ldc: outputs, m: input.rows, n: outputs, k: inputs, finish)
  }

  /// inputGradient = outputGradient W (+ inputGradient where `adding`). [rows, outputs] -> [rows, inputs]
  func backward(_ outputGradient: MatrixView<Element>, into inputGradient: Matrix, adding: Bool = false) {
    Element.gemm(
      outputGradient.pointer, lda: outputs, transposeA: false, weight, ldb: inputs, transposeB: false,
      into: inputGradient.pointer, ldc: inputs, m: outputGradient.rows, n: inputs, k: outputs, adding: adding)
  }

  /// The same for other products to read, finished as `finish` says.
  func backward(
    _ outputGradient: MatrixView<Element>, toOperand inputGradient: MatrixView<Element>,
    _ finish: Finish<Element> = .plain
  ) {
    Element.gemm(
      outputGradient.pointer, lda: outputs, transposeA: false, weight, ldb: inputs, transposeB: false,
      toOperand: inputGradient.pointer, ldc: inputs, m: outputGradient.rows, n: inputs, k: outputs, finish)
  }

  /// Forms one part of the weight gradient, and of the bias gradient where the part is the first of its rows.
  func formGradients(_ outputGradient: MatrixView<Element>, input: MatrixView<Element>, _ part: GradientPart) {
    let (rows, columns) = part.piece(rows: outputs, columns: inputs)
    if rows.isEmpty || columns.isEmpty { return }
    let gradient = outputGradient.pointer + rows.lowerBound
    Element.gemmTransposed(
      gradient, lda: outputs, input.pointer + columns.lowerBound, ldb: inputs,
      into: weightGradient + rows.lowerBound * inputs + columns.lowerBound, ldc: inputs,
      sums: columns.lowerBound == 0 ? biasGradient + rows.lowerBound : nil, m: rows.count, n: columns.count,
      k: input.rows, adding: part.adds)
  }
}
