import Runtime

/// AdamW's running means of the gradients and of their squares, for a range of the parameters or all of them.
package struct Moments: Sendable {
  /// The first moments, [count].
  package let first: AlignedBuffer<Float>
  /// The second moments, [count].
  package let second: AlignedBuffer<Float>

  /// Allocates moments of zero.
  package init(count: Int) {
    first = AlignedBuffer(count: count)
    second = AlignedBuffer(count: count)
  }

  /// Both, the first first.
  var buffers: [AlignedBuffer<Float>] { [first, second] }
}
