import Kernels

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

  /// A matrix [rows, columns] of operands.
  func operands<Element: MatrixElement>(_ rows: Int, _ columns: Int) -> MatrixView<Element> {
    let perFloat = MemoryLayout<Float>.size / MemoryLayout<Element>.size
    let memory = UnsafeMutableRawPointer(floats((rows * columns + perFloat - 1) / perFloat))
    return MatrixView(memory.assumingMemoryBound(to: Element.self), rows: rows, columns: columns)
  }

  /// fp32 rows with the copy that matrix products read: [rows, columns].
  func stream<Element: MatrixElement>(_ rows: Int, _ columns: Int) -> Stream<Element> {
    let values = matrix(rows, columns)
    let operands = Element.mirror(values.pointer, count: values.count, allocate: floats)
    return Stream(values: values, operands: MatrixView(operands, rows: rows, columns: columns))
  }

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
