import Kernels

/// The MLP of a transformer block: linear, exact GELU, linear.
///
/// Source: Vaswani et al. 2017, section 3.3, with GELU as in ViT (Dosovitskiy et al., 2021).
struct FeedForward<Element: MatrixElement> {
  private let expansion: Linear<Element>
  private let contraction: Linear<Element>

  init(_ name: String, in parameters: NetworkParameters<Element>) {
    expansion = Linear(name + ".fc1", in: parameters)
    contraction = Linear(name + ".fc2", in: parameters)
  }

  /// Hidden channels.
  var hiddenCount: Int { expansion.outputs }

  /// The bias that ends the branch; the residual pass adds it.
  var branchBias: UnsafePointer<Float> { UnsafePointer(contraction.bias) }

  /// branch = contraction(GELU(expansion(normalized))) without the last bias: [rows, C].
  ///
  /// - Parameters:
  ///   - hidden: receives the biased values before GELU, which backward needs: [rows, ratio * C].
  ///   - activated: receives the values after GELU.
  func forward(
    _ normalized: MatrixView<Element>, hidden: MatrixView<Element>, activated: MatrixView<Element>, into branch: Matrix
  ) {
    expansion.forward(normalized, biasedTo: hidden, activated: activated)
    contraction.forward(activated, into: branch)
  }

  /// normalizedGradient = gradient with respect to the branch's input; `hiddenGradient` and the recomputed `activated`
  /// are kept for ``formGradients``.
  func backward(
    _ branchGradient: MatrixView<Element>, hidden: MatrixView<Element>, hiddenGradient: MatrixView<Element>,
    activated: MatrixView<Element>, into normalizedGradient: Matrix
  ) {
    contraction.backward(
      branchGradient, toOperand: hiddenGradient, .geluBackward(hidden: hidden, activated: activated))
    expansion.backward(hiddenGradient, into: normalizedGradient)
  }

  /// Forms one part of the parameter gradients, over all rows.
  func formGradients(
    _ branchGradient: MatrixView<Element>, hiddenGradient: MatrixView<Element>, activated: MatrixView<Element>,
    normalized: MatrixView<Element>, _ part: GradientPart
  ) {
    contraction.formGradients(branchGradient, input: activated, part)
    expansion.formGradients(hiddenGradient, input: normalized, part)
  }
}
