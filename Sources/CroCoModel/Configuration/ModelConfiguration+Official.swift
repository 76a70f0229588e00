/// The official constructor's argument names (`croco_kwargs` in released checkpoints).
extension ModelConfiguration {
  /// The configuration as official keyword arguments, values as plain text or numbers.
  package var officialArguments: [String: OfficialValue] {
    [
      "img_size": imageHeight == imageWidth ? .integer(imageHeight) : .integers([imageHeight, imageWidth]),
      "patch_size": .integer(patchSize), "mask_ratio": .number(maskRatio),
      "enc_embed_dim": .integer(encoderDimension), "enc_depth": .integer(encoderDepth),
      "enc_num_heads": .integer(encoderHeadCount), "dec_embed_dim": .integer(decoderDimension),
      "dec_depth": .integer(decoderDepth), "dec_num_heads": .integer(decoderHeadCount),
      "mlp_ratio": .integer(mlpRatio), "norm_im2_in_dec": .boolean(normalizesContext),
      "pos_embed": .text(positionEmbedding.description),
    ]
  }

  /// An official argument's value.
  package enum OfficialValue: Sendable, Equatable {
    case integer(Int)
    case integers([Int])
    case number(Double)
    case boolean(Bool)
    case text(String)
  }

  /// Reads a parsed JSON object of official arguments; arguments that are absent keep their official defaults.
  ///
  /// Returns nil where a value is of the wrong kind or the sizes are impossible.
  package init?(officialArguments arguments: [String: Any]) {
    self.init()
    func integer(_ key: String, _ value: inout Int) -> Bool {
      guard let given = arguments[key] else { return true }
      guard let number = given as? Int else { return false }
      value = number
      return true
    }
    if let size = arguments["img_size"] as? [Int], size.count == 2 {
      (imageHeight, imageWidth) = (size[0], size[1])
    } else if let size = arguments["img_size"] as? Int {
      (imageHeight, imageWidth) = (size, size)
    }
    if let ratio = arguments["mask_ratio"] as? Double { maskRatio = ratio }
    if let normalizes = arguments["norm_im2_in_dec"] as? Bool { normalizesContext = normalizes }
    if let text = arguments["pos_embed"] as? String {
      guard let embedding = PositionEmbedding(text) else { return nil }
      positionEmbedding = embedding
    }
    guard integer("patch_size", &patchSize), integer("enc_embed_dim", &encoderDimension),
      integer("enc_depth", &encoderDepth), integer("enc_num_heads", &encoderHeadCount),
      integer("dec_embed_dim", &decoderDimension), integer("dec_depth", &decoderDepth),
      integer("dec_num_heads", &decoderHeadCount), integer("mlp_ratio", &mlpRatio), problem == nil
    else { return nil }
  }
}
