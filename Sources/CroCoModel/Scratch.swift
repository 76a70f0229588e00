import Kernels

/// A worker's own memory, used within one slab. What the two passes call it by is one memory: they do not overlap.
struct Scratch<Element: MatrixElement> {
  private let first: UnsafeMutablePointer<Float>
  private let second: UnsafeMutablePointer<Float>
  private let widest: UnsafeMutablePointer<Float>
  /// Logits and their gradients of one head.
  let attention: AttentionCore<Element>.Scratch

  init(_ arena: Arena, _ configuration: ModelConfiguration, _ layout: TokenLayout) {
    let encoder = layout.largestEncoderSlab * configuration.encoderDimension
    let decoder = layout.largestDecoderSlab * configuration.decoderDimension
    let embedded = layout.largestEncoderSlab * configuration.decoderDimension
    let count = max(encoder, decoder, embedded)
    first = arena.floats(count)
    second = arena.floats(count)
    let hidden: MatrixView<Element> = arena.operands(max(encoder, decoder), configuration.mlpRatio)
    widest = UnsafeMutableRawPointer(hidden.pointer).assumingMemoryBound(to: Float.self)
    attention = AttentionCore.Scratch(
      capacity: configuration.patchCount * configuration.patchCount, allocate: arena.floats)
  }

  /// Forward: the output of a layer norm.
  func normalized(_ rows: Int, _ columns: Int) -> MatrixView<Element> { view(first, rows, columns) }
  /// Forward: the encoder's output in decoder channels.
  func embedded(_ rows: Int, _ columns: Int) -> Matrix { Matrix(second, rows: rows, columns: columns) }
  /// Forward: the activations of an MLP's hidden layer.
  func wide(_ rows: Int, _ columns: Int) -> MatrixView<Element> { view(widest, rows, columns) }
  /// Backward: the gradient with respect to the output of a layer norm.
  func normalizedGradient(_ rows: Int, _ columns: Int) -> Matrix { Matrix(first, rows: rows, columns: columns) }
  /// Backward: the gradient with respect to the heads' outputs.
  func outputGradient(_ rows: Int, _ columns: Int) -> MatrixView<Element> { view(second, rows, columns) }

  private func view(_ memory: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int) -> MatrixView<Element> {
    MatrixView(UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Element.self), rows: rows, columns: columns)
  }
}
