import CroCoModel
import Runtime
import Storage
import Training

/// The encoder as a vision transformer of timm: `vit_*_patch16_224` without a class token for sine-cosine positions, and
/// `vit_*_patch16_rope_224` for rotary ones.
///
/// Source: the modules `vision_transformer` and `eva` of timm 1.0, whose features the encoder's equal.
struct TimmEncoder {
  private let network: ModelConfiguration

  init(_ network: ModelConfiguration) { self.network = network }

  /// The encoder's tensors under timm's names, in order; others are left out.
  ///
  /// - Throws: `Failure` of kind `usage` where a tensor has no place in timm's network.
  func renamed(_ tensors: [ModelBuffer]) throws(Failure) -> [ModelBuffer] {
    var renamed: [ModelBuffer] = []
    for tensor in tensors where NetworkPart.encoder.contains(tensor.name) {
      var tensor = tensor
      if isRotary, tensor.name.contains(".attn.qkv.") {
        tensor.values = TimmRotaryOrder(network).toTimm(tensor.values)
      }
      if tensor.name == "enc_pos_embed" { tensor.shape = [1] + tensor.shape }
      guard let name = name(of: tensor.name) else {
        throw Failure(.usage, "\(tensor.name) has no name in timm.", hint: "Export it under the names of croco.")
      }
      tensor.name = name
      renamed.append(tensor)
    }
    return renamed
  }

  private func name(of name: String) -> String? {
    if name.hasPrefix("patch_embed.") { return name }
    let prefixes = [("enc_blocks.", "blocks."), ("enc_norm.", "norm."), ("enc_pos_embed", "pos_embed")]
    return prefixes.first { name.hasPrefix($0.0) }.map { $0.1 + name.dropFirst($0.0.count) }
  }

  private var isRotary: Bool { if case .rope = network.positionEmbedding { true } else { false } }

  // MARK: Making the network in timm

  /// The name of a network of timm that is made for these or, with ``arguments``, for other sizes.
  private var architecture: String {
    let sizes = [192: "tiny", 384: "small", 768: "base", 1024: "large"]
    let size = sizes[network.encoderDimension].flatMap { isRotary && $0 == "tiny" ? nil : $0 } ?? "base"
    return isRotary ? "vit_\(size)_patch16_rope_224" : "vit_\(size)_patch16_224"
  }

  /// The arguments that differ from those of the architecture.
  private var arguments: [(String, JSON)] {
    let size = [network.imageHeight, network.imageWidth].map { JSON.integer($0) }
    var arguments: [(String, JSON)] = [
      ("class_token", .boolean(false)), ("depth", .integer(network.encoderDepth)),
      ("embed_dim", .integer(network.encoderDimension)), ("global_pool", .text("avg")), ("img_size", .array(size)),
      ("mlp_ratio", .integer(network.mlpRatio)), ("num_heads", .integer(network.encoderHeadCount)),
      ("patch_size", .integer(network.patchSize)),
    ]
    // The encoder's norm stands before the pooling.
    switch network.positionEmbedding {
    case .cosine: arguments += [("fc_norm", .boolean(false))]
    case .rope(let base):
      arguments += [
        ("init_values", .null), ("rope_temperature", .number(Double(base))), ("use_fc_norm", .boolean(false)),
      ]
    }
    return arguments
  }

  /// `config.json` of a folder that `timm.create_model("local-dir:...")` and `"hf-hub:..."` take.
  var hubConfiguration: JSON {
    func numbers(_ values: [Double]) -> JSON { .array(values.map { .number($0) }) }
    let input = [3, network.imageHeight, network.imageWidth].map { JSON.integer($0) }
    return .object([
      ("architecture", .text(architecture)), ("num_classes", .integer(0)),
      ("num_features", .integer(network.encoderDimension)),
      ("model_args", .object(arguments)),
      (
        "pretrained_cfg",
        .object([
          ("classifier", .text("head")), ("crop_pct", .number(1)), ("first_conv", .text("patch_embed.proj")),
          ("fixed_input_size", .boolean(true)), ("input_size", .array(input)), ("interpolation", .text("bicubic")),
          ("mean", numbers([0.485, 0.456, 0.406])), ("num_classes", .integer(0)), ("pool_size", .null),
          ("std", numbers([0.229, 0.224, 0.225])),
        ])
      ),
    ])
  }
}
