internal import CKernels
import Tensors

/// The MLP of a transformer block: linear, exact GELU, linear.
///
/// Source: Vaswani et al. 2017, section 3.3, with GELU as in ViT (Dosovitskiy et al., 2021).
struct FeedForward {
  private let expansion: Linear
  private let contraction: Linear

  init(_ name: String, in store: ParameterStore) {
    expansion = Linear(name + ".fc1", in: store)
    contraction = Linear(name + ".fc2", in: store)
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
  func forward(_ normalized: Matrix, hidden: Matrix, activated: Matrix, into branch: Matrix) {
    expansion.forward(normalized, into: hidden)
    croco_bias_gelu(hidden.pointer, expansion.bias, activated.pointer, hidden.rows, hidden.columns)
    contraction.forward(activated, into: branch)
  }

  /// normalizedGradient = gradient with respect to the branch's input; `hiddenGradient` and the recomputed `activated`
  /// are kept for ``addGradients``.
  func backward(
    _ branchGradient: Matrix, hidden: Matrix, hiddenGradient: Matrix, activated: Matrix, into normalizedGradient: Matrix
  ) {
    contraction.backward(branchGradient, into: hiddenGradient)
    croco_gelu_backward(hiddenGradient.pointer, hidden.pointer, activated.pointer, hidden.count)
    expansion.backward(hiddenGradient, into: normalizedGradient)
  }

  /// Adds part `part` of `parts` of the parameter gradients, over all rows.
  func addGradients(
    _ branchGradient: Matrix, hiddenGradient: Matrix, activated: Matrix, normalized: Matrix, part: Int, of parts: Int
  ) {
    contraction.addGradients(branchGradient, input: activated, part: part, of: parts)
    expansion.addGradients(hiddenGradient, input: normalized, part: part, of: parts)
  }
}
