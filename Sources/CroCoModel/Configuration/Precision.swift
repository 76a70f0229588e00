import Kernels

/// The arithmetic of a network's matrix products. Sums, residual streams, statistics, soft-max, gradients of parameters and
/// the parameters themselves are fp32 with either.
package enum Precision: String, Sendable, CaseIterable {
  /// 32 bits: the reference.
  case fp32
  /// What products read is rounded to bfloat16: half the memory of activations, about twice the speed on
  /// processors with bf16 instructions. ``MatrixProducts/requireBFloat16()`` tells whether it is possible.
  case bf16

  /// What computes on this machine, as far as last bits depend on it.
  package var arithmetic: String { "\(rawValue) products by \(products), kernels \(Processor.kernelLevel)" }

  /// Whether a network keeps a copy of its parameters in bf16, because its products cannot round what they read.
  package var copiesParameters: Bool { self == .bf16 && !BFloat16.products.pointee.roundsFactors }

  /// Whether an element of a product depends on its row and its column alone, ``Products/elementsAreIndependent``; may load
  /// oneDNN.
  package var elementsAreIndependent: Bool {
    switch self {
    case .fp32: Float.products.pointee.elementsAreIndependent
    case .bf16: BFloat16.products.pointee.elementsAreIndependent
    }
  }

  /// What forms the products on this machine, for logs; may load oneDNN.
  package var products: String {
    switch self {
    case .fp32: MatrixProducts.fp32
    case .bf16: MatrixProducts.bfloat16 ?? "nothing here"
    }
  }
}
