/// What becomes of a product on its way to memory, where the result is an operand of further products: [m, n].
///
/// A bias is [n]; `hidden` and `activated` are [m, n] and have the stride of the result.
package enum Finish<Element: MatrixElement> {
  /// Nothing.
  case plain
  /// result = product + bias.
  case bias(UnsafePointer<Float>)
  /// The same, and activated = GELU(result).
  case biasGELU(UnsafePointer<Float>, activated: MatrixView<Element>)
  /// result = product * GELU'(hidden), and activated = GELU(hidden).
  case geluBackward(hidden: MatrixView<Element>, activated: MatrixView<Element>)
}

extension Finish {
  /// The finish of some rows of the result.
  package subscript(rows: Range<Int>) -> Finish {
    switch self {
    case .plain, .bias: self
    case .biasGELU(let bias, let activated): .biasGELU(bias, activated: activated[rows])
    case .geluBackward(let hidden, let activated): .geluBackward(hidden: hidden[rows], activated: activated[rows])
    }
  }

  /// Does it to a result that is there, for products that cannot do it on the way.
  func apply(to result: MatrixView<Element>) {
    switch self {
    case .plain: break
    case .bias(let bias): result.add(bias: bias)
    case .biasGELU(let bias, let activated): result.addBiasAndActivate(bias, into: activated)
    case .geluBackward(let hidden, let activated): result.backwardThroughGELU(hidden: hidden, activated: activated)
    }
  }

  /// Whether all matrices are as large as the result and lie as it does.
  func fits(_ result: MatrixView<Element>) -> Bool {
    func isLike(_ other: MatrixView<Element>) -> Bool {
      (other.rows, other.columns, other.stride) == (result.rows, result.columns, result.stride)
    }
    return switch self {
    case .plain, .bias: true
    case .biasGELU(_, let activated): isLike(activated)
    case .geluBackward(let hidden, let activated): isLike(hidden) && isLike(activated)
    }
  }
}
