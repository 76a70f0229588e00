import Kernels

/// A worker's own memory, used within one stretch; ``outputGradient(_:_:)`` is for the whole team. What the two passes call it by is one memory: they do not overlap.
struct Scratch<Element: MatrixElement> {
  /// How much memory layers use of it.
  struct Size {
    /// Elements of a stretch's rows.
    var rows: Int
    /// Elements of a stretch's rows in an MLP's hidden layer.
    var hidden: Int
    /// Queries times keys of an attention.
    var logits: Int

    /// What a stack of blocks needs.
    init(_ shape: StackShape, _ quantization: Quantization) {
      let tokens = shape.tokens.largestStretch
      rows = tokens * shape.dimension
      hidden =
        (quantization > .none ? min(tokens, StackShape.quantizedRows) : tokens) * shape.dimension * shape.mlpRatio
      logits = shape.tokens.longestSequence * shape.tokens.longestSequence
    }

    /// Enough for both.
    static func | (a: Size, b: Size) -> Size {
      var size = a
      size.rows = max(a.rows, b.rows)
      size.hidden = max(a.hidden, b.hidden)
      size.logits = max(a.logits, b.logits)
      return size
    }
  }

  private let first: UnsafeMutablePointer<Float>
  private let second: UnsafeMutablePointer<Float>
  private let widest: UnsafeMutablePointer<Element>
  /// Logits and their gradients of one head.
  let attention: AttentionCore<Element>.Scratch

  init(_ arena: Arena, _ size: Size) {
    first = arena.floats(size.rows)
    second = arena.floats(size.rows)
    widest = arena.elements(size.hidden)
    attention = AttentionCore.Scratch(capacity: size.logits, allocate: arena.floats)
  }

  /// Forward: the output of a layer norm.
  func normalized(_ rows: Int, _ columns: Int) -> MatrixView<Element> { view(first, rows, columns) }
  /// Forward: the encoder's output in decoder channels.
  func embedded(_ rows: Int, _ columns: Int) -> Matrix { Matrix(second, rows: rows, columns: columns) }
  /// Forward: the activations of an MLP's hidden layer.
  func wide(_ rows: Int, _ columns: Int) -> MatrixView<Element> { MatrixView(widest, rows: rows, columns: columns) }
  /// Backward: the gradient with respect to the output of a layer norm.
  func normalizedGradient(_ rows: Int, _ columns: Int) -> Matrix { Matrix(first, rows: rows, columns: columns) }
  /// Backward: the gradient with respect to the heads' outputs, of all rows of the stretch.
  func outputGradient(_ rows: Int, _ columns: Int) -> MatrixView<Element> { view(second, rows, columns) }

  private func view(_ memory: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int) -> MatrixView<Element> {
    MatrixView(UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Element.self), rows: rows, columns: columns)
  }
}
