import Runtime

/// AdamW's running means of the gradients and of their squares and, where that is wanted, of the values: for a range of the
/// parameters or all of them.
package struct Moments: Sendable {
  /// The first moments, [count].
  package let first: AlignedBuffer<Float>
  /// The second moments, [count].
  package let second: AlignedBuffer<Float>

  /// The running mean of the values, [count]; nil where none is kept.
  package let average: AlignedBuffer<Float>?

  /// Allocates moments of zero.
  package init(count: Int, withAverage: Bool = false) {
    first = AlignedBuffer(count: count)
    second = AlignedBuffer(count: count)
    average = withAverage ? AlignedBuffer(count: count) : nil
  }

  /// All of them, in this order.
  var buffers: [AlignedBuffer<Float>] { [first, second] + (average.map { [$0] } ?? []) }
}
