import Kernels

/// The MLP of a transformer block: linear, exact GELU, linear.
///
/// Source: Vaswani et al. 2017, section 3.3, with GELU as in ViT (Dosovitskiy et al., 2021).
struct FeedForward<Element: MatrixElement>: ResidualBranch {
  let name: String
  private let expansion: Linear<Element>
  private let contraction: Linear<Element>

  private let hidden: MatrixView<Element>  // [rows, ratio * C], biased, before GELU
  private let hiddenGradient: MatrixView<Element>  // [rows, ratio * C]
  private let activated: MatrixView<Element>  // [rows, ratio * C], GELU again

  init(_ name: String, _ shape: StackShape, in plan: NetworkPlan<Element>) {
    let (rows, width) = (shape.tokens.rows, shape.mlpRatio * shape.dimension)
    self.name = name
    expansion = Linear(name + ".fc1", inputs: shape.dimension, outputs: width, in: plan)
    contraction = Linear(name + ".fc2", inputs: width, outputs: shape.dimension, in: plan)
    hidden = plan.kept.elements(rows, width)
    hiddenGradient = plan.backward.elements(rows, width)
    activated = plan.backward.elements(rows, width)
  }

  var bias: UnsafePointer<Float> { contraction.bias }
  var maps: [Linear<Element>] { [expansion, contraction] }

  func forward(_ normalized: MatrixView<Element>, into branch: Matrix, _ pass: Pass<Element>) {
    let hidden = hidden[pass.rows]
    pass.forEachProduct { rows in
      // A packed weight is read again at no cost, so that few activations are enough at a time.
      let height = expansion.isQuantized ? StackShape.quantizedRows : rows.count
      for start in stride(from: rows.lowerBound, to: rows.upperBound, by: height) {
        let rows = start..<min(start + height, rows.upperBound)
        let activated = pass.scratch.wide(rows.count, expansion.outputs)
        expansion.forward(normalized[rows], biasedTo: hidden[rows], activated: activated)
        contraction.forward(activated, into: branch[rows])
      }
    }
  }

  func backward(_ branchGradient: MatrixView<Element>, into normalizedGradient: Matrix, _ pass: Pass<Element>) {
    let hiddenGradient = hiddenGradient[pass.rows]
    contraction.backward(
      branchGradient, into: hiddenGradient,
      finish: .geluBackward(hidden: hidden[pass.rows], activated: activated[pass.rows]), pass)
    expansion.backward(hiddenGradient, into: normalizedGradient, pass)
  }

  func formGradients(_ branchGradient: MatrixView<Element>, normalized: MatrixView<Element>, _ part: GradientPart) {
    contraction.formGradients(branchGradient, input: activated, part)
    expansion.formGradients(hiddenGradient, input: normalized, part)
  }
}
