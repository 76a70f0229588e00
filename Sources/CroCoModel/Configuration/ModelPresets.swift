extension ModelConfiguration {
  /// The names of the presets, after the released models.
  package static let presetNames = ["croco_v1_base", "crocov2_base_small", "crocov2_base_base", "crocov2_large_base"]

  /// A released configuration at 224 px with mask ratio 0.9, or nil where there is none of that name.
  ///
  /// Source: CroCo v1: ViT-B encoder, decoder of 8 blocks of 512 channels, cosine positions. CroCo v2: RoPE100 and the
  /// encoder and decoder sizes of its table of models.
  package static func preset(_ name: String) -> ModelConfiguration? {
    var configuration = ModelConfiguration()
    switch name {
    case "croco_v1_base": break
    case "crocov2_base_small": configuration.positionEmbedding = .rope(base: 100)
    case "crocov2_base_base", "crocov2_large_base":
      configuration.positionEmbedding = .rope(base: 100)
      configuration.decoderDimension = 768
      configuration.decoderHeadCount = 12
      configuration.decoderDepth = 12
      if name == "crocov2_large_base" {
        configuration.encoderDimension = 1024
        configuration.encoderDepth = 24
        configuration.encoderHeadCount = 16
      }
    default: return nil
    }
    return configuration
  }
}
