import Kernels

/// A team's memory, used within one stretch, and that of one of its workers. What the two passes call it by is one memory: they do
/// not overlap.
struct Scratch<Element: MatrixElement> {
  /// How much memory layers use of it.
  struct Size {
    /// Elements of a stretch's rows.
    var rows: Int
    /// Elements of a stretch's rows in an MLP's hidden layer.
    var hidden: Int
    /// Whether the hidden layer is the team's, or each worker has its own: a few rows at a time.
    var sharesHidden: Bool
    /// Queries times keys of an attention.
    var logits: Int

    /// What a stack of blocks needs.
    init(_ shape: StackShape, _ quantization: Quantization) {
      let tokens = shape.tokens.largestStretch
      rows = tokens * shape.dimension
      sharesHidden = quantization == .none
      hidden = (sharesHidden ? tokens : min(tokens, StackShape.quantizedRows)) * shape.dimension * shape.mlpRatio
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
  /// Logits and their gradients of one head: the worker's own.
  let attention: AttentionCore<Element>.Scratch

  /// Memory for `workers` workers, in teams of `teamSize`.
  static func make(_ workers: Int, inTeamsOf teamSize: Int, _ arena: Arena, _ size: Size) -> [Scratch] {
    var all: [Scratch] = []
    for worker in 0..<workers {
      all.append(worker % teamSize == 0 ? Scratch(arena, size) : Scratch(sharing: all[worker - 1], arena, size))
    }
    return all
  }

  private init(sharing other: Scratch, _ arena: Arena, _ size: Size) {
    (first, second) = (other.first, other.second)
    widest = size.sharesHidden ? other.widest : arena.elements(size.hidden)
    attention = AttentionCore.Scratch(capacity: size.logits, allocate: arena.floats)
  }

  private init(_ arena: Arena, _ size: Size) {
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
  /// Backward: the gradient with respect to the heads' outputs.
  func outputGradient(_ rows: Int, _ columns: Int) -> MatrixView<Element> { view(second, rows, columns) }

  private func view(_ memory: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int) -> MatrixView<Element> {
    MatrixView(UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Element.self), rows: rows, columns: columns)
  }
}
