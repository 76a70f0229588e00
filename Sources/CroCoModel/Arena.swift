import Tensors

/// Memory of a network, planned before it is taken: the same layout code first counts, then hands out.
///
/// Built twice from one initialiser: with no memory it only counts, then with a buffer of that size.
final class Arena {
  private var used = 0
  private let buffer: AlignedBuffer<Float>?
  private static let counting = UnsafeMutablePointer<Float>(bitPattern: 64)!

  /// An arena that only counts.
  init() { buffer = nil }

  /// An arena that hands out `count` floats.
  init(count: Int) { buffer = AlignedBuffer(count: count) }

  /// The floats handed out so far, padding included.
  var count: Int { used }

  /// `count` floats, zero at first, aligned to 64 bytes.
  func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    let start = used
    used += (count + 15) / 16 * 16
    guard let buffer else { return Self.counting }
    precondition(used <= buffer.count, "the plan has \(buffer.count) floats, \(used) are asked for")
    return buffer.pointer + start
  }

  /// A matrix of zeros [rows, columns].
  func matrix(_ rows: Int, _ columns: Int) -> Matrix { Matrix(floats(rows * columns), rows: rows, columns: columns) }
}
