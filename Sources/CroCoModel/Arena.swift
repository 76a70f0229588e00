import Tensors

/// Memory of a network, planned before it is taken: the same layout code first counts, then hands out.
///
/// An arena without memory only counts; its pointers must not be followed.
final class Arena {
  private let base: UnsafeMutablePointer<Float>?
  private let capacity: Int
  /// The floats handed out so far, padding included.
  private(set) var count = 0

  /// An arena that only counts.
  init() {
    base = nil
    capacity = .max
  }

  /// An arena over memory that somebody else keeps alive.
  init(_ base: UnsafeMutablePointer<Float>, capacity: Int) {
    self.base = base
    self.capacity = capacity
  }

  /// `count` floats, aligned to 64 bytes.
  func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    let start = self.count
    self.count += (count + 15) / 16 * 16
    precondition(self.count <= capacity, "the plan has \(capacity) floats, \(self.count) are asked for")
    return (base ?? UnsafeMutablePointer(bitPattern: 64)!) + start
  }

  /// A matrix [rows, columns].
  func matrix(_ rows: Int, _ columns: Int) -> Matrix { Matrix(floats(rows * columns), rows: rows, columns: columns) }

  /// Room that several layouts use one after the other: as large as the largest of them.
  func overlay(_ layouts: [(Arena) -> Void]) {
    let largest =
      layouts.map { layout in
        let counter = Arena()
        layout(counter)
        return counter.count
      }.max() ?? 0
    let start = floats(largest)
    for layout in layouts { layout(base == nil ? Arena() : Arena(start, capacity: largest)) }
  }
}
