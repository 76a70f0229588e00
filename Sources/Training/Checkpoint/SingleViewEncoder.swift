import CroCoModel
import Foundation
import Runtime
import Storage

/// The encoder of a vision transformer that was trained on single images, under CroCo's names: what MAE, timm (`vit_*`, with
/// learned, sine-cosine or rotary positions) and DINOv2 (without registers) store.
///
/// The class token and what follows the encoder are left out. Scales of layers (DINOv2, CaiT) are multiplied into the
/// projection before them, to which they are equal.
struct SingleViewEncoder: TensorFile {
  let path: String
  let tensors: [TensorDescription]
  let metadata: [String: String] = [:]

  private let file: any TensorFile
  private let network: ModelConfiguration

  /// Whether a file has the names of such a network.
  static func isLikely(_ file: any TensorFile) -> Bool {
    file.tensor(named: "blocks.0.norm1.weight") != nil && file.tensor(named: "patch_embed.proj.weight") != nil
  }

  /// Reads what a file holds for the encoder of `network`.
  ///
  /// - Throws: `Failure` of kind `configuration` or `badData` that names the file: patches of another size, registers.
  init(_ file: any TensorFile, for network: ModelConfiguration) throws(Failure) {
    (self.file, self.network, path) = (file, network, file.path)
    if let patch = file.tensor(named: "patch_embed.proj.weight")?.shape.last, patch != network.patchSize {
      throw Failure(
        .configuration,
        "\(file.path) was trained with patches of \(patch) pixels, and model.patch_size is \(network.patchSize).",
        hint: "Set model.patch_size to \(patch), and model.image_size to a multiple of it.")
    }
    for name in ["register_tokens", "reg_token", "dist_token"] where file.tensor(named: name) != nil {
      throw Failure(
        .badData, "\(file.path) is of a network with \(name), tokens that CroCo's encoder does not have.",
        hint: "Use weights that were trained without them.")
    }
    var descriptions: [TensorDescription] = []
    for tensor in file.tensors {
      guard let name = Self.name(of: tensor.name) else { continue }
      descriptions.append(TensorDescription(name: name, type: "F32", shape: Self.shape(of: tensor, in: file)))
    }
    tensors = descriptions
  }

  func tensor(named name: String) -> TensorDescription? { tensors.first { $0.name == name } }

  func contiguousBytes(of name: String) throws(Failure) -> [UInt8] {
    FloatingType.fp32.bytes(try values(of: name))
  }

  // MARK: Names

  private static let blocks = "blocks."
  /// What a network for single images has beside its encoder, or what goes into other tensors.
  private static let leftOut = [
    "cls_token", "mask_token", "decoder_", "head.", "fc_norm.", "attn.k_proj.", "attn.v_proj.", "ls1.", "ls2.",
    "gamma_1",
    "gamma_2",
  ]

  /// CroCo's name of a tensor; nil for what is not taken over by itself. Unknown names stay, and are refused as such.
  private static func name(of name: String) -> String? {
    let inner = name.hasPrefix(blocks) ? name.split(separator: ".").dropFirst(2).joined(separator: ".") : name
    guard !leftOut.contains(where: inner.hasPrefix) else { return nil }
    // Three projections become one.
    let fused = name.replacingOccurrences(of: ".attn.q_proj.", with: ".attn.qkv.")
    if fused.hasPrefix(blocks) { return "enc_" + fused }
    if fused.hasPrefix("norm.") { return "enc_" + fused }
    return fused == "pos_embed" ? "enc_pos_embed" : fused
  }

  private static func shape(of tensor: TensorDescription, in file: any TensorFile) -> [Int] {
    var shape = tensor.shape
    if tensor.name.contains(".attn.q_proj."), !shape.isEmpty { shape[0] *= 3 }
    guard tensor.name == "pos_embed", shape.count == 3 else { return shape }
    return [shape[1] - classTokens(of: file), shape[2]]
  }

  private static func classTokens(of file: any TensorFile) -> Int { file.tensor(named: "cls_token") == nil ? 0 : 1 }

  // MARK: Values

  private func values(of name: String) throws(Failure) -> [Float] {
    if name == "enc_pos_embed" {
      let table = try file.floats(of: "pos_embed")
      return Array(table.dropFirst(Self.classTokens(of: file) * (file.tensor(named: "pos_embed")?.shape.last ?? 0)))
    }
    guard name.hasPrefix("enc_") else { return try file.floats(of: name) }
    let source = String(name.dropFirst("enc_".count))
    if source.contains(".attn.qkv.") {
      let values = try attention(source)
      // Only a network without a table turns queries and keys by their places.
      return isRotary ? TimmRotaryOrder(network).fromTimm(values) : values
    }
    return try scaled(source)
  }

  private var isRotary: Bool {
    guard case .rope = network.positionEmbedding else { return false }
    return file.tensor(named: "pos_embed") == nil
  }

  /// Queries, keys and values in one: as they are, or joined. [3 * C, ...]
  private func attention(_ source: String) throws(Failure) -> [Float] {
    if file.tensor(named: source) != nil { return try file.floats(of: source) }
    var values: [Float] = []
    for part in ["q", "k", "v"] {
      let name = source.replacingOccurrences(of: ".qkv.", with: ".\(part)_proj.")
      // Keys may have no bias: soft-max does not see it.
      let isLeftOut = name.hasSuffix(".bias") && file.tensor(named: name) == nil
      values += isLeftOut ? [Float](repeating: 0, count: network.encoderDimension) : try file.floats(of: name)
    }
    return values
  }

  /// The values of a tensor, multiplied by the scale of its layer where there is one: a row of a weight an output.
  private func scaled(_ source: String) throws(Failure) -> [Float] {
    var values = try file.floats(of: source)
    guard let scale = try scale(of: source), !scale.isEmpty, values.count % scale.count == 0 else { return values }
    let width = values.count / scale.count
    for row in scale.indices {
      for index in row * width..<(row + 1) * width { values[index] *= scale[row] }
    }
    return values
  }

  /// The scale of the layer that ends with a projection: [C].
  private func scale(of source: String) throws(Failure) -> [Float]? {
    let ends = [(".attn.proj.", [".ls1.gamma", ".gamma_1"]), (".mlp.fc2.", [".ls2.gamma", ".gamma_2"])]
    for (projection, names) in ends {
      guard let end = source.range(of: projection) else { continue }
      let block = source[..<end.lowerBound]
      for name in names where file.tensor(named: block + name) != nil { return try file.floats(of: block + name) }
    }
    return nil
  }
}
