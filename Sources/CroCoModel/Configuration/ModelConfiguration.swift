/// The sizes and choices that define a CroCoNet. Plain values: no allocation, no file.
///
/// Source: Weinzaepfel et al., "CroCo", NeurIPS 2022, section 3; "CroCo v2", ICCV 2023, section 3.
package struct ModelConfiguration: Sendable, Equatable {
  /// How positions enter the network.
  package enum PositionEmbedding: Sendable, Equatable, CustomStringConvertible {
    /// Fixed 2-D sine-cosine tables added to the tokens (CroCo v1).
    case cosine
    /// Rotary embedding of queries and keys with the given frequency base (CroCo v2 uses 100).
    case rope(base: Float)

    /// The official spelling: "cosine", "RoPE100".
    package var description: String {
      switch self {
      case .cosine: "cosine"
      case .rope(let base): Int(exactly: base).map { "RoPE\($0)" } ?? "RoPE\(base)"
      }
    }

    /// Reads the official spelling; nil if it is neither "cosine" nor "RoPE" and a positive number.
    package init?(_ text: String) {
      if text == "cosine" {
        self = .cosine
      } else if text.hasPrefix("RoPE"), let base = Float(text.dropFirst(4)), base > 0, base.isFinite {
        self = .rope(base: base)
      } else {
        return nil
      }
    }
  }

  /// Image height in pixels; a multiple of ``patchSize``.
  package var imageHeight = 224
  /// Image width in pixels; a multiple of ``patchSize``.
  package var imageWidth = 224
  /// Side of a square patch in pixels.
  package var patchSize = 16
  /// The share of view 1's patches that is hidden, 0 ... 1; the count is truncated (see ``maskedCount``).
  package var maskRatio = 0.9
  /// Channels of the encoder's tokens.
  package var encoderDimension = 768
  /// Blocks of the encoder.
  package var encoderDepth = 12
  /// Attention heads of an encoder block.
  package var encoderHeadCount = 12
  /// Channels of the decoder's tokens.
  package var decoderDimension = 512
  /// Blocks of the decoder.
  package var decoderDepth = 8
  /// Attention heads of a decoder block.
  package var decoderHeadCount = 16
  /// Hidden channels of an MLP over its input channels.
  package var mlpRatio = 4
  /// Whether every decoder block normalises the memory (official `norm_im2_in_dec`).
  package var normalizesMemory = true
  /// How positions enter the network.
  package var positionEmbedding = PositionEmbedding.cosine

  /// The defaults of the official class, CroCo v1 base.
  package init() {}

  /// Rows of the patch grid.
  package var gridHeight: Int { imageHeight / patchSize }
  /// Columns of the patch grid.
  package var gridWidth: Int { imageWidth / patchSize }
  /// Patches of a view, N.
  package var patchCount: Int { gridHeight * gridWidth }
  /// Values of a patch, P = 3 * patch^2.
  package var patchDimension: Int { 3 * patchSize * patchSize }
  /// Hidden patches of view 1: N times the mask ratio in double precision, truncated.
  package var maskedCount: Int { Int(maskRatio * Double(patchCount)) }
  /// Visible patches of view 1, K.
  package var visibleCount: Int { patchCount - maskedCount }

  /// What is impossible about these values, as (property, sentence), or nil where the network can be built.
  package var problem: (property: String, sentence: String)? {
    let positive: [(String, Int)] = [
      ("image_size", imageHeight), ("image_size", imageWidth), ("patch_size", patchSize),
      ("encoder_dim", encoderDimension), ("encoder_depth", encoderDepth), ("encoder_heads", encoderHeadCount),
      ("decoder_dim", decoderDimension), ("decoder_depth", decoderDepth), ("decoder_heads", decoderHeadCount),
      ("mlp_ratio", mlpRatio),
    ]
    for (name, value) in positive where value < 1 { return (name, "must be at least 1, not \(value)") }
    // Far beyond any network, and small enough that no size below overflows.
    for (name, value) in positive where value > 1 << 16 { return (name, "must be at most 65536, not \(value)") }
    if imageHeight % patchSize != 0 || imageWidth % patchSize != 0 {
      return ("image_size", "\(imageHeight)x\(imageWidth) is not a multiple of patch_size \(patchSize)")
    }
    guard (0...1).contains(maskRatio) else { return ("mask_ratio", "must lie in 0 ... 1, not \(maskRatio)") }
    let stacks = [
      ("encoder", encoderDimension, encoderHeadCount), ("decoder", decoderDimension, decoderHeadCount),
    ]
    for (name, dimension, heads) in stacks {
      if dimension % heads != 0 {
        return ("\(name)_heads", "\(heads) does not divide \(name)_dim \(dimension)")
      }
      switch positionEmbedding {
      case .cosine where dimension % 4 != 0:
        return ("\(name)_dim", "must be divisible by 4 for the cosine position embedding, not \(dimension)")
      case .rope where dimension / heads % 4 != 0:
        return ("\(name)_heads", "the head size \(dimension / heads) must be divisible by 4 for RoPE")
      default: break
      }
    }
    return nil
  }
}
