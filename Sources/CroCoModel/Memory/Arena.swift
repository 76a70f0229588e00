import Kernels
import Runtime

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
  init(_ memory: AlignedBuffer<Float>) {
    base = memory.pointer
    capacity = memory.count
  }

  /// Lays out buffers twice: to count what they need, and in as much memory, which must live as long as they do.
  static func realize<Buffers>(_ layOut: (Arena) -> Buffers) -> (buffers: Buffers, memory: AlignedBuffer<Float>) {
    let plan = Arena()
    _ = layOut(plan)
    let memory = AlignedBuffer<Float>(count: plan.count)
    return (layOut(Arena(memory)), memory)
  }

  /// `count` floats, aligned to 64 bytes.
  func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    let start = self.count
    self.count += (count + 15) / 16 * 16
    precondition(self.count <= capacity, "the plan has \(capacity) floats, \(self.count) are asked for")
    return (base ?? UnsafeMutablePointer(bitPattern: 64)!) + start
  }

  /// `count` elements of another type, aligned to 64 bytes.
  func elements<Element: BitwiseCopyable>(_ count: Int, of type: Element.Type = Element.self)
    -> UnsafeMutablePointer<Element>
  {
    let size = MemoryLayout<Float>.size
    let memory = floats((count * MemoryLayout<Element>.stride + size - 1) / size)
    return UnsafeMutableRawPointer(memory).bindMemory(to: Element.self, capacity: max(1, count))
  }

  /// Numbers that stay as they are: a table.
  ///
  /// - Parameter values: `count` of them; not asked for by an arena that only counts.
  func table<Element: BitwiseCopyable>(_ count: Int, _ values: () -> [Element]) -> UnsafePointer<Element> {
    let memory = elements(count, of: Element.self)
    if base != nil {
      let values = values()
      precondition(values.count == count, "a table of \(count) numbers is given \(values.count)")
      memory.update(from: values, count: count)
    }
    return UnsafePointer(memory)
  }

  /// A matrix [rows, columns].
  func matrix(_ rows: Int, _ columns: Int) -> Matrix { Matrix(floats(rows * columns), rows: rows, columns: columns) }

  /// A matrix [rows, columns] of another type.
  func elements<Element: MatrixElement>(_ rows: Int, _ columns: Int) -> MatrixView<Element> {
    MatrixView(elements(rows * columns), rows: rows, columns: columns)
  }

  /// fp32 rows with the copy that matrix products read: [rows, columns].
  func stream<Element: MatrixElement>(_ rows: Int, _ columns: Int) -> Stream<Element> {
    let values = matrix(rows, columns)
    let operands = Element.mirror(values.pointer, count: values.count, allocate: floats)
    return Stream(values: values, operands: MatrixView(operands, rows: rows, columns: columns))
  }

  /// Room of some arenas that layouts use one after the other: as large as the largest of them.
  struct Overlay {
    private let arenas: [Arena]
    private let starts: [Int]

    /// Room from where the arenas are now.
    init(_ arenas: [Arena]) {
      self.arenas = arenas
      starts = arenas.map(\.count)
    }

    /// What `make` lays out, in the same room as the others.
    func layOut<Content>(_ make: () -> Content) -> Content {
      let ends = arenas.map(\.count)
      for (arena, start) in zip(arenas, starts) { arena.count = start }
      let content = make()
      for (arena, end) in zip(arenas, ends) { arena.count = max(end, arena.count) }
      return content
    }
  }
}
