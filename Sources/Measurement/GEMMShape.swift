import CroCoModel
import Kernels
import Runtime

/// A matrix product C = op(A) op(B), with op(A) [m, k], op(B) [k, n], C [m, n].
package struct GEMMShape: Sendable, Equatable, Encodable {
  /// The layer, such as "encoder.qkv".
  package let layer: String
  /// Which of a layer's three products it is.
  package let pass: Pass
  /// The sizes.
  package let m: Int, n: Int, k: Int
  /// What becomes of the product.
  let result: Result
  /// The layer's channels, within whose rows the pieces of a weight gradient lie.
  let inputs: Int, outputs: Int

  /// The three products of a linear map y = x W^T with W [outputs, inputs].
  package enum Pass: String, Sendable, CaseIterable, Encodable {
    /// y = x W^T.
    case forward
    /// dx = dy W.
    case inputGradient = "dX"
    /// dW = dy^T x.
    case weightGradient = "dW"
  }

  /// What becomes of a product on its way to memory.
  enum Result: Sendable {
    /// fp32.
    case float
    /// What products read, with ``Finish`` of the same name.
    case plain, bias, biasGELU, geluBackward
    /// fp32, with the sums of op(A)'s rows: the gradient of a bias.
    case sums
  }

  private enum CodingKeys: CodingKey {
    case layer, pass, m, n, k
  }

  /// Operations; a multiply-add counts as two.
  package var operations: Double { 2 * Double(m) * Double(n) * Double(k) }

  /// The product whose speed stands for the peak: the widest layer of a ViT-B block on four pairs, 216 tokens each.
  static let peak = GEMMShape(
    layer: "peak", pass: .forward, m: 864, n: 3072, k: 768, result: .float, inputs: 768, outputs: 3072)
}

/// A linear map of a block as training runs it: how its products end.
struct GEMMLayer {
  let name: String
  let inputs: Int, outputs: Int
  /// What becomes of y, and of dx.
  let forward: GEMMShape.Result, backward: GEMMShape.Result

  /// The maps of a transformer block [width], with cross-attention's where it is a decoder's.
  static func block(width: Int, ratio: Int, isDecoder: Bool) -> [GEMMLayer] {
    let hidden = ratio * width
    let layers = [
      GEMMLayer(name: "qkv", inputs: width, outputs: 3 * width, forward: .bias, backward: .float),
      GEMMLayer(name: "proj", inputs: width, outputs: width, forward: .float, backward: .plain),
      GEMMLayer(name: "fc1", inputs: width, outputs: hidden, forward: .biasGELU, backward: .float),
      GEMMLayer(name: "fc2", inputs: hidden, outputs: width, forward: .float, backward: .geluBackward),
    ]
    if !isDecoder { return layers }
    return layers + [GEMMLayer(name: "cross_kv", inputs: width, outputs: 2 * width, forward: .bias, backward: .float)]
  }

  /// The products of a thread (forward, dX), and of the first piece of the weights (dW), which `Partition.piece` cuts.
  ///
  /// - Parameter tokens: of a sample.
  func shapes(_ stack: String, tokens: Int, _ division: BatchDivision) -> [GEMMShape] {
    let rows = division.productRows(tokens: tokens)
    let piece = Partition.piece(0, of: division.gradientPartCount, rows: outputs, columns: inputs)
    func shape(_ pass: GEMMShape.Pass, _ m: Int, _ n: Int, _ k: Int, _ result: GEMMShape.Result) -> GEMMShape {
      GEMMShape(
        layer: "\(stack).\(name)", pass: pass, m: m, n: n, k: k, result: result, inputs: inputs, outputs: outputs)
    }
    return [
      shape(.forward, rows, outputs, inputs, forward), shape(.inputGradient, rows, inputs, outputs, backward),
      shape(.weightGradient, piece.rows.count, piece.columns.count, division.batchSize * tokens, .sums),
    ]
  }
}
