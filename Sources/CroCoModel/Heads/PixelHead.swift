import Kernels

/// Predicts the pixels of each patch from its token: a linear map.
///
/// Source: CroCo, section 3.1; MAE. Pixels are in (row, column, channel) order.
struct PixelHead<Element: MatrixElement>: Head {
  let prediction: Matrix  // [rows, P]
  let range: Range<Int>
  private let linear: Linear<Element>
  private let gradient: Stream<Element>  // [rows, P]

  init(_ configuration: ModelConfiguration, rows: Int, in plan: NetworkPlan<Element>) {
    (linear, range) = plan.parameters.range {
      Linear(
        "prediction_head", inputs: configuration.decoderDimension, outputs: configuration.patchDimension, in: plan)
    }
    prediction = plan.kept.matrix(rows, configuration.patchDimension)
    gradient = plan.backward.stream(rows, configuration.patchDimension)
  }

  var predictionGradient: Matrix { gradient.values }

  func forward(_ features: MatrixView<Element>, _ pass: Pass<Element>) {
    let prediction = prediction[pass.rows]
    linear.forward(features, into: prediction, pass)
    prediction.add(bias: linear.bias)
    pass.record("pred", prediction)
  }

  func backward(into featureGradient: Matrix, _ pass: Pass<Element>) {
    let gradient = gradient[pass.rows]
    pass.record("pred", gradient.values)
    gradient.updateOperands()
    linear.backward(gradient.operands, into: featureGradient, pass)
  }

  func formGradients(_ features: MatrixView<Element>, _ part: GradientPart) {
    linear.formGradients(gradient.operands, input: features, part)
  }
}
