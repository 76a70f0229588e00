import Kernels

/// A linear map y = x W^T + b with W [outputs, inputs]. The bias is added on the way, or by the pass that
/// follows the product.
struct Linear<Element: MatrixElement> {
  let inputs: Int
  let outputs: Int
  let bias: UnsafeMutablePointer<Float>  // [outputs]
  private let weight: Factor<Element>  // [outputs, inputs]
  private let weightGradient: Matrix  // [outputs, inputs]
  private let biasGradient: UnsafeMutablePointer<Float>  // [outputs]

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
    self.weight = parameters.factor(from: weight.range.lowerBound, rows: outputs, columns: inputs)
    self.bias = store.values.pointer + bias.range.lowerBound
    weightGradient = Matrix(store.gradients.pointer + weight.range.lowerBound, rows: outputs, columns: inputs)
    biasGradient = store.gradients.pointer + bias.range.lowerBound
  }

  /// output = input W^T, without the bias. [rows, inputs] -> [rows, outputs]
  func forward(_ input: MatrixView<Element>, into output: Matrix) {
    multiply(input.factor, weight.transposed, into: output)
  }

  /// The same for other products to read, finished with this map's bias.
  func forward(_ input: MatrixView<Element>, biasedTo output: MatrixView<Element>) {
    multiply(input.factor, weight.transposed, into: output, finish: .bias(bias))
  }

  /// The same, and activated = GELU(output).
  func forward(_ input: MatrixView<Element>, biasedTo output: MatrixView<Element>, activated: MatrixView<Element>) {
    multiply(input.factor, weight.transposed, into: output, finish: .biasGELU(bias, activated: activated))
  }

  /// inputGradient = outputGradient W (+ inputGradient where `adding`). [rows, outputs] -> [rows, inputs]
  func backward(_ outputGradient: MatrixView<Element>, into inputGradient: Matrix, adding: Bool = false) {
    multiply(outputGradient.factor, weight, into: inputGradient, adding: adding)
  }

  /// The same for other products to read, finished as `finish` says.
  func backward(
    _ outputGradient: MatrixView<Element>, toOperand inputGradient: MatrixView<Element>,
    _ finish: Finish<Element> = .plain
  ) {
    multiply(outputGradient.factor, weight, into: inputGradient, finish: finish)
  }

  /// Forms one part of the weight gradient, and of the bias gradient where the part is the first of its rows.
  func formGradients(_ outputGradient: MatrixView<Element>, input: MatrixView<Element>, _ part: GradientPart) {
    let (rows, columns) = part.piece(rows: outputs, columns: inputs)
    if rows.isEmpty || columns.isEmpty { return }
    multiply(
      outputGradient.columns(rows).transposed, input.columns(columns).factor,
      into: weightGradient[rows].columns(columns), adding: part.adds,
      sums: columns.lowerBound == 0 ? biasGradient + rows.lowerBound : nil)
  }
}
