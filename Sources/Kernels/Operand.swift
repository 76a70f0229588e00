/// What matrix products read: fp32 or bf16. The precision of a network is the operand that it is built over.
///
/// Products sum in fp32, and all passes over rows compute in fp32; only what a product reads is kept as the operand's type.
/// The passes have the names of the C functions of CKernels, which say what they do.
package protocol Operand: BitwiseCopyable, Sendable {
  /// Whether products read a ``RightFactor/floats(_:)`` here. Where not, they need operands.
  static var roundsFloats: Bool { get }

  /// C = op(A) op(B), or C += op(A) op(B) where `adding`, with C in fp32. Nothing happens where m or n is 0.
  ///
  /// - Parameters:
  ///   - m, n, k: op(A) is [m, k], op(B) is [k, n], C is [m, n], all row-major.
  ///   - lda, ldb, ldc: elements between the starts of two stored rows.
  static func gemm(
    _ a: UnsafePointer<Self>, lda: Int, transposeA: Bool, _ b: RightFactor<Self>, ldb: Int, transposeB: Bool,
    into c: UnsafeMutablePointer<Float>, ldc: Int, m: Int, n: Int, k: Int, adding: Bool)

  /// C = A^T B (+ C where `adding`), and the sums of A's columns [m] likewise where `sums` is there: the gradients of a
  /// linear map's weight and bias.
  static func gemmTransposed(
    _ a: UnsafePointer<Self>, lda: Int, _ b: UnsafePointer<Self>, ldb: Int, into c: UnsafeMutablePointer<Float>,
    ldc: Int, sums: UnsafeMutablePointer<Float>?, m: Int, n: Int, k: Int, adding: Bool)

  /// C = op(A) op(B), finished, with C as an operand of further products. Its rows lie without gaps unless plain.
  static func gemm(
    _ a: UnsafePointer<Self>, lda: Int, transposeA: Bool, _ b: RightFactor<Self>, ldb: Int, transposeB: Bool,
    toOperand c: UnsafeMutablePointer<Self>, ldc: Int, m: Int, n: Int, k: Int, _ finish: Finish<Self>)

  /// `croco_narrow`; a plain copy for fp32.
  static func convert(_ values: UnsafePointer<Float>, into operands: UnsafeMutablePointer<Self>, count: Int)

  /// `croco_add_bias`.
  static func addBias(_ x: MatrixView<Self>, _ bias: UnsafePointer<Float>)

  /// `croco_column_sums`.
  static func columnSums(
    _ x: UnsafePointer<Self>, stride: Int, into sums: UnsafeMutablePointer<Float>, rows: Int, columns: Int, adding: Bool
  )

  /// `croco_bias_gelu`.
  static func biasGELU(_ hidden: MatrixView<Self>, _ bias: UnsafePointer<Float>, into activated: MatrixView<Self>)

  /// `croco_gelu_backward`.
  static func geluBackward(_ gradient: MatrixView<Self>, hidden: MatrixView<Self>, activated: MatrixView<Self>)

  /// `croco_layer_norm`.
  static func layerNorm(
    _ x: Matrix, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, into output: MatrixView<Self>,
    mean: UnsafeMutablePointer<Float>, scale: UnsafeMutablePointer<Float>)

  /// `croco_residual_layer_norm`.
  static func residualLayerNorm(
    _ stream: Matrix, branchBias: UnsafePointer<Float>, residual: Matrix, _ weight: UnsafePointer<Float>,
    _ bias: UnsafePointer<Float>, into output: MatrixView<Self>, mean: UnsafeMutablePointer<Float>,
    scale: UnsafeMutablePointer<Float>)

  /// `croco_layer_norm_backward`.
  static func layerNormBackward(
    _ outputGradient: Matrix, _ x: Matrix, mean: UnsafePointer<Float>, scale: UnsafePointer<Float>,
    _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, residual: Matrix?, into gradient: Matrix,
    copy: MatrixView<Self>, weightGradient: UnsafeMutablePointer<Float>, biasGradient: UnsafeMutablePointer<Float>,
    recomputing output: MatrixView<Self>)

  /// `croco_softmax`.
  static func softmax(
    _ logits: Matrix, factor: Float, into probabilities: UnsafeMutablePointer<Self>,
    logSum: UnsafeMutablePointer<Float>)

  /// `croco_softmax_backward`.
  static func softmaxBackward(
    _ logits: Matrix, factor: Float, logSum: UnsafePointer<Float>, gradient: UnsafePointer<Float>,
    probabilities: UnsafeMutablePointer<Self>, logitsGradient: UnsafeMutablePointer<Self>)

  /// `croco_rotate`.
  static func rotate(
    _ x: UnsafeMutablePointer<Self>, stride: Int, positions: UnsafePointer<Int32>, cosine: UnsafePointer<Float>,
    sine: UnsafePointer<Float>, direction: Float, rows: Int, heads: Int, headSize: Int)

  /// `croco_gather_patches`.
  static func gatherPatches(
    _ image: UnsafePointer<Float>, _ index: UnsafePointer<Int32>, into patches: UnsafeMutablePointer<Self>, count: Int,
    patch: Int, gridWidth: Int, height: Int, width: Int)

  /// Memory for operands with the values of fp32 memory of as many elements: that memory itself for fp32, and what
  /// `allocate` gives (in floats) for narrower types.
  static func mirror(
    _ values: UnsafeMutablePointer<Float>, count: Int, allocate: (_ floats: Int) -> UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<Self>

  /// The value as fp32.
  var float: Float { get }
}
