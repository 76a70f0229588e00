import Kernels

/// A linear map y = x W^T + b with W [outputs, inputs]. The bias is added on the way, or by the pass that
/// follows the product.
struct Linear<Element: MatrixElement> {
  let inputs: Int
  let outputs: Int
  let bias: UnsafePointer<Float>  // [outputs]
  private let weight: Factor<Element>  // [outputs, inputs]
  private let values: Matrix  // the same in fp32
  private let quantized: QuantizedWeight?  // what `weight` is, where maps are quantised
  private let quantization: Quantization
  private let weightGradient: Matrix  // [outputs, inputs]
  private let biasGradient: UnsafeMutablePointer<Float>  // [outputs]

  /// The map `name`.
  init(_ name: String, inputs: Int, outputs: Int, in plan: NetworkPlan<Element>) {
    self.init(joining: [name], inputs: inputs, outputs: outputs, in: plan)
  }

  /// Maps of the same input as one: their weights lie side by side in the store, and so do their biases.
  ///
  /// - Parameter outputs: channels of each map.
  init(joining names: [String], inputs: Int, outputs: Int, in plan: NetworkPlan<Element>) {
    self.init(
      weights: names.map { ParameterDeclaration($0 + ".weight", [outputs, inputs], .xavierUniform, isDecayed: true) },
      biases: names.map { ParameterDeclaration($0 + ".bias", [outputs]) }, in: plan)
  }

  /// Maps of the same input with parameters of their own kind: weights [outputs, inputs...] and biases [outputs].
  init(weights: [ParameterDeclaration], biases: [ParameterDeclaration], in plan: NetworkPlan<Element>) {
    outputs = weights.reduce(0) { $0 + $1.shape[0] }
    inputs = weights[0].count / weights[0].shape[0]
    let weight = plan.parameters.declare(weights)
    let bias = plan.parameters.declare(biases)
    quantization = plan.quantization
    values = Matrix(weight.values, rows: outputs, columns: inputs)
    quantized =
      quantization > .none
      ? QuantizedWeight(outputs: outputs, inputs: inputs, allocate: plan.weights.floats) : nil
    self.weight =
      quantized.map { Factor($0) } ?? plan.parameters.factor(weight, rows: outputs, columns: inputs)
    self.bias = UnsafePointer(bias.values)
    weightGradient = Matrix(weight.gradients, rows: outputs, columns: inputs)
    biasGradient = bias.gradients
  }

  /// Whether the weight is packed as integers.
  var isQuantized: Bool { quantized != nil }

  /// Packs a part of the weight for the products of a direction, where it is quantised.
  func packWeight(_ part: WeightPart) {
    quantized?.pack(values, for: part.direction, part: part.index, of: part.count)
  }

  /// output = input W^T, without the bias. [rows, inputs] -> [rows, outputs]
  func forward(_ input: MatrixView<Element>, into output: Matrix) {
    multiply(input.factor, weight.transposed, into: output)
  }

  /// The same for the rows of a thread.
  func forward(_ input: MatrixView<Element>, into output: Matrix, _ pass: Pass<Element>) {
    pass.forEachProduct { rows in forward(input[rows], into: output[rows]) }
  }

  /// The same for other products to read, finished with this map's bias; and activated = GELU(output), where that is there.
  func forward(
    _ input: MatrixView<Element>, biasedTo output: MatrixView<Element>, activated: MatrixView<Element>? = nil
  ) {
    let finish = activated.map { Finish.biasGELU(bias, activated: $0) } ?? .bias(bias)
    multiply(input.factor, weight.transposed, into: output, finish: finish)
  }

  /// The same for the rows of a thread.
  func forward(_ input: MatrixView<Element>, biasedTo output: MatrixView<Element>, _ pass: Pass<Element>) {
    pass.forEachProduct { rows in forward(input[rows], biasedTo: output[rows]) }
  }

  /// inputGradient = outputGradient W (+ inputGradient where `adding`). [rows, outputs] -> [rows, inputs]
  func backward(_ outputGradient: MatrixView<Element>, into inputGradient: Matrix, adding: Bool = false) {
    multiply(outputGradient.factor, weight, into: inputGradient, adding: adding)
  }

  /// The same for the rows of a thread.
  func backward(
    _ outputGradient: MatrixView<Element>, into inputGradient: Matrix, adding: Bool = false, _ pass: Pass<Element>
  ) {
    pass.forEachProduct { rows in backward(outputGradient[rows], into: inputGradient[rows], adding: adding) }
  }

  /// The same for other products to read, finished as `finish` says.
  func backward(
    _ outputGradient: MatrixView<Element>, into inputGradient: MatrixView<Element>, finish: Finish<Element> = .plain,
    _ pass: Pass<Element>
  ) {
    pass.forEachProduct { rows in
      multiply(outputGradient[rows].factor, weight, into: inputGradient[rows], finish: finish[rows])
    }
  }

  /// Forms one part of the weight gradient, and of the bias gradient where the part is the first of its rows.
  func formGradients(_ outputGradient: MatrixView<Element>, input: MatrixView<Element>, _ part: GradientPart) {
    let (rows, columns) = part.piece(rows: outputs, columns: inputs)
    if rows.isEmpty || columns.isEmpty { return }
    let (left, right) = (outputGradient.columns(rows).transposed, input.columns(columns).factor)
    let (gradient, sums) = (
      weightGradient[rows].columns(columns), columns.lowerBound == 0 ? biasGradient + rows.lowerBound : nil
    )
    if quantization == .all {
      multiplyQuantizing(left, right, into: gradient, adding: part.adds, sums: sums)
    } else {
      multiply(left, right, into: gradient, adding: part.adds, sums: sums)
    }
  }
}
