import Tensors

/// AdamW's running means of the gradients and of their squares, for a range of the parameters or all of them.
public struct Moments: Sendable {
  /// The first moments, [count].
  public let first: AlignedBuffer<Float>
  /// The second moments, [count].
  public let second: AlignedBuffer<Float>

  /// Allocates moments of zero.
  public init(count: Int) {
    first = AlignedBuffer(count: count)
    second = AlignedBuffer(count: count)
  }

  /// Both, the first first.
  var buffers: [AlignedBuffer<Float>] { [first, second] }
}
