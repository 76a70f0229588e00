import Tensors

/// A worker's own memory, used within one slab.
struct Scratch {
  private let normalizedBase: UnsafeMutablePointer<Float>
  private let wideBase: UnsafeMutablePointer<Float>
  private let gradientBase: UnsafeMutablePointer<Float>
  /// Logits and their gradients of one head.
  let attention: UnsafeMutablePointer<Float>

  init(_ arena: Arena, _ configuration: ModelConfiguration, _ layout: TokenLayout) {
    let encoder = layout.largestEncoderSlab * configuration.encoderDimension
    let decoder = layout.largestDecoderSlab * configuration.decoderDimension
    let embedded = layout.largestEncoderSlab * configuration.decoderDimension
    let widest = max(encoder, decoder, embedded)
    normalizedBase = arena.floats(widest)
    gradientBase = arena.floats(widest)
    wideBase = arena.floats(max(encoder, decoder) * configuration.mlpRatio)
    attention = arena.floats(
      AttentionCore.scratchCount(queries: configuration.patchCount, keys: configuration.patchCount))
  }

  /// The output of a layer norm, or another matrix as wide as the stream.
  func normalized(_ rows: Int, _ columns: Int) -> Matrix { Matrix(normalizedBase, rows: rows, columns: columns) }
  /// A gradient as wide as the stream.
  func gradient(_ rows: Int, _ columns: Int) -> Matrix { Matrix(gradientBase, rows: rows, columns: columns) }
  /// The activations of an MLP's hidden layer.
  func wide(_ rows: Int, _ columns: Int) -> Matrix { Matrix(wideBase, rows: rows, columns: columns) }
}
