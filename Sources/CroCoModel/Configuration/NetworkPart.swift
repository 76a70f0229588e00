/// A part of the network, by the official names of its tensors.
package enum NetworkPart: String, Sendable, CaseIterable {
  /// Encoder, decoder and head.
  case all
  /// The patch embedding, the encoder's blocks and norm, and its position table.
  case encoder
  /// Everything else: the decoder with its embedding, mask token and position table, and the head.
  case decoder

  /// Whether a tensor of an official name belongs to it.
  package func contains(_ name: String) -> Bool {
    let isOfEncoder = name.hasPrefix("patch_embed.") || name.hasPrefix("enc_")
    return switch self {
    case .all: true
    case .encoder: isOfEncoder
    case .decoder: !isOfEncoder
    }
  }
}
