import Runtime

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
  /// Whether every decoder block normalises the context, the tokens of view 2 (official `norm_im2_in_dec`).
  package var normalizesContext = true
  /// How positions enter the network.
  package var positionEmbedding = PositionEmbedding.cosine
  /// The grid [rows, columns] for which sine-cosine tables are formed, before they are interpolated to the image's; nil: the
  /// image's own. Networks keep that of their weights when they go on with images of another size.
  package var positionGrid: [Int]?

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

  /// A property, for what is said about its value.
  package typealias Property = PartialKeyPath<ModelConfiguration>

  /// What is impossible about these values, or nil where the network can be built.
  package var problem: (property: Property, sentence: String)? { problem { "\($0)" } }

  /// What is impossible about these values, as the property and a sentence about it, or nil where the network can be
  /// built.
  ///
  /// - Parameter name: what other properties are called in the sentence.
  package func problem(naming name: (Property) -> String) -> (property: Property, sentence: String)? {
    let sizes: [KeyPath<ModelConfiguration, Int>] = [
      \.imageHeight, \.imageWidth, \.patchSize, \.encoderDimension, \.encoderDepth, \.encoderHeadCount,
      \.decoderDimension, \.decoderDepth, \.decoderHeadCount, \.mlpRatio,
    ]
    for size in sizes where self[keyPath: size] < 1 { return (size, "must be at least 1, not \(self[keyPath: size])") }
    // Far beyond any network, and small enough that no size below overflows.
    for size in sizes where self[keyPath: size] > 1 << 16 {
      return (size, "must be at most 65536, not \(self[keyPath: size])")
    }
    if imageHeight % patchSize != 0 || imageWidth % patchSize != 0 {
      let size = sizeText(height: imageHeight, width: imageWidth)
      return (\.imageHeight, "\(size) is not a multiple of \(name(\.patchSize)) \(patchSize)")
    }
    if let positionGrid, positionEmbedding != .cosine {
      return (\.positionGrid, "\(positionGrid) is of sine-cosine tables, and this network has none")
    }
    guard (0...1).contains(maskRatio) else { return (\.maskRatio, "must lie in 0 ... 1, not \(maskRatio)") }
    return headProblem(\.encoderDimension, \.encoderHeadCount, name)
      ?? headProblem(\.decoderDimension, \.decoderHeadCount, name)
  }

  /// What is impossible about the heads of a stack of blocks.
  private func headProblem(
    _ dimension: KeyPath<ModelConfiguration, Int>, _ headCount: KeyPath<ModelConfiguration, Int>,
    _ name: (Property) -> String
  ) -> (property: Property, sentence: String)? {
    let (channels, heads) = (self[keyPath: dimension], self[keyPath: headCount])
    if channels % heads != 0 { return (headCount, "\(heads) does not divide \(name(dimension)) \(channels)") }
    switch positionEmbedding {
    case .cosine where channels % 4 != 0:
      return (dimension, "must be divisible by 4 for the cosine position embedding, not \(channels)")
    case .rope where channels / heads % 4 != 0:
      return (headCount, "the head size \(channels / heads) must be divisible by 4 for RoPE")
    default: return nil
    }
  }
}
