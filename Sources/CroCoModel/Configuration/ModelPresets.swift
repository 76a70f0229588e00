import Runtime

/// A network with a name.
package struct ModelPreset: Sendable {
  /// The name, as `model.preset` takes it.
  package let name: String
  /// What it is, in one line.
  package let summary: String
  /// Whether the authors of CroCo have released weights of it.
  package let isReleased: Bool
  /// Its sizes, at 224 pixels with nine tenths masked.
  package let configuration: ModelConfiguration

  /// All presets, the smaller ones first.
  ///
  /// Source: the papers' tables of models; encoders are those of ViT (Dosovitskiy et al., ICLR 2021) and DeiT (ViT-S).
  package static let all: [ModelPreset] = [
    ModelPreset("croco_v1_small", .small, .narrow, .cosine, isReleased: false),
    ModelPreset("croco_v1_base", .base, .narrow, .cosine, isReleased: true),
    ModelPreset("croco_v1_large", .large, .narrow, .cosine, isReleased: false),
    ModelPreset("crocov2_small_small", .small, .narrow, .rope(base: 100), isReleased: false),
    ModelPreset("crocov2_base_small", .base, .narrow, .rope(base: 100), isReleased: true),
    ModelPreset("crocov2_base_base", .base, .wide, .rope(base: 100), isReleased: true),
    ModelPreset("crocov2_large_base", .large, .wide, .rope(base: 100), isReleased: true),
  ]

  /// A stack of blocks.
  private struct Stack {
    let name: String
    let dimension: Int, depth: Int, heads: Int

    static let small = Stack(name: "ViT-S", dimension: 384, depth: 12, heads: 6)
    static let base = Stack(name: "ViT-B", dimension: 768, depth: 12, heads: 12)
    static let large = Stack(name: "ViT-L", dimension: 1024, depth: 24, heads: 16)
    /// The decoder of CroCo v1, and the small one of v2.
    static let narrow = Stack(name: "small", dimension: 512, depth: 8, heads: 16)
    /// The base decoder of CroCo v2.
    static let wide = Stack(name: "base", dimension: 768, depth: 12, heads: 12)
  }

  private init(
    _ name: String, _ encoder: Stack, _ decoder: Stack, _ positions: ModelConfiguration.PositionEmbedding,
    isReleased: Bool
  ) {
    var sizes = ModelConfiguration()
    (sizes.encoderDimension, sizes.encoderDepth, sizes.encoderHeadCount) =
      (encoder.dimension, encoder.depth, encoder.heads)
    (sizes.decoderDimension, sizes.decoderDepth, sizes.decoderHeadCount) =
      (decoder.dimension, decoder.depth, decoder.heads)
    sizes.positionEmbedding = positions
    self.name = name
    self.isReleased = isReleased
    configuration = sizes
    summary =
      "CroCo \(positions == .cosine ? "v1" : "v2"): \(encoder.name) encoder (\(encoder.depth) x \(encoder.dimension)), "
      + "\(decoder.name) decoder (\(decoder.depth) x \(decoder.dimension)), \(positions) positions"
  }

  /// Trainable parameters.
  package var parameterCount: Int { CroCoNet.declarations(configuration).reduce(0) { $0 + $1.count } }
}

extension ModelConfiguration {
  /// The names of the presets.
  package static let presetNames = ModelPreset.all.map(\.name)

  /// The configuration of a preset, or nil where there is none of that name.
  package static func preset(_ name: String) -> ModelConfiguration? {
    ModelPreset.all.first { $0.name == name }?.configuration
  }

  /// One line: images, stacks and positions.
  package var summary: String {
    "images of \(sizeText(height: imageHeight, width: imageWidth)) in patches of \(patchSize), \(maskedCount) of "
      + "\(patchCount) hidden; encoder \(encoderDepth) x \(encoderDimension), decoder \(decoderDepth) x "
      + "\(decoderDimension), \(positionEmbedding) positions"
  }
}
