import Kernels
import Runtime

/// The arithmetic of a network's matrix products. Sums, residual streams, statistics, soft-max, gradients of parameters and
/// the parameters themselves are fp32 with either.
package enum Precision: String, Sendable, CaseIterable {
  /// 32 bits: the reference.
  case fp32
  /// What products read is rounded to bfloat16: half the memory of activations, about twice the speed on
  /// processors with bf16 instructions.
  case bf16
  /// Forward and input-gradient products of the blocks' linear maps are of 8-bit integers, with a scale for each token and each
  /// channel of a weight; all else is as in bf16 where the processor has it, else as in fp32. Source: SwitchBack
  /// (Wortsman et al., 2023).
  case int8
  /// The same with the products of weight gradients, too: channels have a scale for every thousand tokens at most.
  case int8Full = "int8_full"
  /// The fastest of the others that the processors at hand have instructions for; settled before anything is computed.
  case auto

  /// How numbers that products read are stored.
  package enum Element { case float, bfloat16 }

  /// What a network keeps for its products.
  package var element: Element {
    switch self {
    case .auto: preconditionFailure("the precision is not settled")
    case .fp32: .float
    case .bf16: .bfloat16
    case .int8, .int8Full: MatrixProducts.int8KeepsBFloat16 ? .bfloat16 : .float
    }
  }

  /// Which products of blocks' linear maps are of integers.
  package var quantization: Quantization {
    switch self {
    case .fp32, .bf16, .auto: .none
    case .int8: .rows
    case .int8Full: .all
    }
  }

  /// Makes the products possible; call before the first.
  ///
  /// - Throws: `Failure` of kind `configuration` that says what is missing.
  package func require() throws(Failure) {
    switch self {
    case .fp32, .auto: break
    case .bf16: try MatrixProducts.requireBFloat16()
    case .int8, .int8Full: try MatrixProducts.requireInt8()
    }
  }

  /// What computes on this machine, as far as last bits depend on it.
  package var arithmetic: String { "\(rawValue) products by \(products), kernels \(Processor.kernelLevel)" }

  /// Whether a network keeps a copy of its parameters in bf16, because its products cannot round what they read.
  package var copiesParameters: Bool { element == .bfloat16 && !BFloat16.products.pointee.roundsFactors }

  /// Whether an element of a product depends on its row and its column alone, ``Products/elementsAreIndependent``; may load
  /// oneDNN.
  package var elementsAreIndependent: Bool {
    switch element {
    case .float: Float.products.pointee.elementsAreIndependent
    case .bfloat16: BFloat16.products.pointee.elementsAreIndependent
    }
  }

  /// What forms the products on this machine, for logs; may load oneDNN.
  package var products: String {
    switch self {
    case .fp32: MatrixProducts.fp32
    case .auto: "not settled"
    case .bf16: MatrixProducts.bfloat16 ?? "nothing here"
    case .int8, .int8Full: MatrixProducts.int8
    }
  }
}

/// Which products of a linear map are of 8-bit integers.
package enum Quantization: Int, Sendable, Comparable {
  /// None.
  case none
  /// Those whose rows are tokens: forward, and the gradient of the input.
  case rows
  /// The gradient of the weight, too.
  case all

  /// By how many there are.
  package static func < (a: Quantization, b: Quantization) -> Bool { a.rawValue < b.rawValue }
}
