internal import CTransformer

/// The element-wise passes over rows for one element type, as a table of the C functions of CTransformer: each under its C name,
/// whose header says what it does and what its arguments are.
///
/// `Stored` is the element as C knows it. ``MatrixView``, ``Normalization``, ``Rotation`` and ``PatchGrid`` call them; nobody else.
package struct Passes<Stored: BitwiseCopyable>: Sendable {
  typealias Rows = UnsafeMutablePointer<Stored>
  typealias Vector = UnsafeMutablePointer<Float>
  typealias Numbers = UnsafePointer<Float>

  let convert: @Sendable (Numbers, Rows, Int) -> Void
  let addBias: @Sendable (Rows, Int, Numbers, Int, Int) -> Void
  let columnSums: @Sendable (UnsafePointer<Stored>, Int, Vector, Int, Int, Int32) -> Void
  let biasGELU: @Sendable (Rows, Numbers, Rows, Int, Int) -> Void
  let geluBackward: @Sendable (Rows, UnsafePointer<Stored>, Rows, Int) -> Void
  let layerNorm: @Sendable (Numbers, Numbers, Numbers, Rows, Vector, Vector, Int, Int) -> Void
  let residualLayerNorm: @Sendable (Vector, Numbers, Numbers, Numbers, Numbers, Rows, Vector, Vector, Int, Int) -> Void
  let layerNormBackward:
    @Sendable (
      Numbers, Numbers, Numbers, Numbers, Numbers, Numbers, Numbers?, Vector, Rows, Vector, Vector, Rows, Int, Int
    ) -> Void
  let softmax: @Sendable (Vector, Float, Rows, Vector, Int, Int) -> Void
  let softmaxBackward: @Sendable (Vector, Float, Numbers, Numbers, Rows, Rows, Int, Int) -> Void
  let rotate: @Sendable (Rows, Int, UnsafePointer<Int32>, Numbers, Numbers, Float, Int, Int, Int) -> Void
  let gatherPatches: @Sendable (Numbers, UnsafePointer<Int32>, Rows, Int, Int, Int, Int, Int) -> Void
}

extension Passes<Float> {
  static var fp32: Passes {
    Passes(
      convert: { values, elements, count in elements.update(from: values, count: count) }, addBias: croco_add_bias,
      columnSums: croco_column_sums, biasGELU: croco_bias_gelu, geluBackward: croco_gelu_backward,
      layerNorm: croco_layer_norm, residualLayerNorm: croco_residual_layer_norm,
      layerNormBackward: croco_layer_norm_backward, softmax: croco_softmax, softmaxBackward: croco_softmax_backward,
      rotate: croco_rotate, gatherPatches: croco_gather_patches)
  }
}

extension Passes<UInt16> {
  static var bf16: Passes {
    Passes(
      convert: croco_narrow, addBias: croco_add_bias_bf16, columnSums: croco_column_sums_bf16,
      biasGELU: croco_bias_gelu_bf16, geluBackward: croco_gelu_backward_bf16, layerNorm: croco_layer_norm_bf16,
      residualLayerNorm: croco_residual_layer_norm_bf16, layerNormBackward: croco_layer_norm_backward_bf16,
      softmax: croco_softmax_bf16, softmaxBackward: croco_softmax_backward_bf16, rotate: croco_rotate_bf16,
      gatherPatches: croco_gather_patches_bf16)
  }
}
