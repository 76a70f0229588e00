import Kernels
import Runtime
import TestSupport
import Testing

/// Tables of products against each other, through views whose rows lie apart: what was chosen here, and the libraries.
@Suite struct ProductTableTests {
  private static let m = 29, n = 48, k = 33, gap = 5

  @Test("Views of rows and columns are the matrix's, and their transposes exchange the extents")
  func views() {
    let memory = AlignedBuffer<Float>(count: 6 * 10)
    for i in 0..<60 { memory.pointer[i] = Float(i) }
    let view = Matrix(memory.pointer, rows: 6, columns: 10)[1..<4].columns(3..<5)
    #expect((view.rows, view.columns, view.stride, view.count) == (3, 2, 10, 6))
    #expect(!view.isContiguous && view[2..<3].isContiguous)
    #expect((0..<3).flatMap { [view.row($0)[0], view.row($0)[1]] } == [13, 14, 23, 24, 33, 34])
    let transposed = view.transposed
    #expect((transposed.rows, transposed.columns) == (2, 3))
    #expect((transposed.transposed.rows, transposed.transposed.columns) == (3, 2))
  }

  @Test("OpenBLAS ends products as the chosen table does")
  func fp32() { compare(Float.products.pointee, OpenBLAS.products, tolerance: 1e-5) { $0 } }

  @Test(
    "oneDNN ends products as the chosen table does",
    .enabled(if: OneDNN.obstacle == nil, Comment(rawValue: OneDNN.obstacle ?? "")))
  func bf16() {
    // A last digit of 8, and what GELU makes of it.
    compare(BFloat16.products.pointee, OneDNN.products, tolerance: 0x1p-6) { BFloat16($0) }
  }

  @Test("Pieces of a product are the bytes of the whole where a table says so, and its value everywhere")
  func pieces() {
    comparePieces(Float.products.pointee, tolerance: 1e-6) { $0 }
    comparePieces(OpenBLAS.products, tolerance: 1e-6) { $0 }
    if MatrixProducts.bfloat16Obstacle == nil {
      comparePieces(BFloat16.products.pointee, tolerance: 0x1p-7) { BFloat16($0) }
    }
  }

  private func comparePieces<Element: MatrixElement>(
    _ products: Products<Element>, tolerance: Double, _ make: (Float) -> Element
  ) {
    // Several blocks of k, and edges of tiles.
    let (m, n, k) = (61, 83, 1700)
    let left = Block(random(k * m).map(make), columns: m), right = Block(random(n * k, 2).map(make), columns: k)
    let bias = Block(random(n, 3), columns: n), hidden = Block(random(m * n, 4).map(make), columns: n)
    func results(_ cuts: [(rows: Range<Int>, columns: Range<Int>)]) -> [[Float]] {
      let c = Block([Float](repeating: 0, count: m * n), columns: n),
        sums = Block([Float](repeating: 0, count: m), columns: m)
      let zero = [Element](repeating: make(0), count: m * n)
      let blocks = (0..<4).map { _ in Block(zero, columns: n) }
      for (rows, columns) in cuts {
        let a = left.view.columns(rows).transposed, b = right.view.transposed.columns(columns)
        products.multiply(
          a, b, into: c.view[rows].columns(columns),
          sums: columns.lowerBound == 0 ? sums.view.pointer + rows.lowerBound : nil)
        for (result, finish) in [
          (blocks[0].view, Finish.biasGELU(bias.view.pointer, activated: blocks[1].view)),
          (blocks[2].view, .geluBackward(hidden: hidden.view, activated: blocks[3].view)),
        ] {
          products.multiply(
            a, b, into: result[rows].columns(columns), finish: finish.piece(rows: rows, columns: columns))
        }
      }
      return [c.values, sums.values] + blocks.map(\.values)
    }
    let whole = results([(0..<m, 0..<n)])
    for parts in [2, 3, 8] {
      let pieces = results((0..<parts).map { Partition.piece($0, of: parts, rows: m, columns: n) })
      if products.elementsAreIndependent { #expect(pieces == whole) }
      for (piece, all) in zip(pieces, whole) { #expect(relativeDifference(piece, all) < tolerance) }
    }
    withExtendedLifetime((left, right, bias, hidden)) {}
  }

  private func compare<Element: MatrixElement>(
    _ chosen: Products<Element>, _ library: Products<Element>, tolerance: Double, _ make: (Float) -> Element
  ) {
    let (m, n, k) = (Self.m, Self.n, Self.k)
    let left = Block(random(k * (m + Self.gap)).map(make), columns: m + Self.gap)
    let right = Block(random(k * (n + Self.gap), 2).map(make), columns: n + Self.gap)
    let a = left.view.columns(2..<2 + m).transposed, b = right.view.columns(1..<1 + n).factor
    let bias = Block(random(n, 3), columns: n), hidden = Block(random(m * n, 4).map(make), columns: n)
    #expect(a.rows == m && a.columns == k && b.rows == k && b.columns == n)

    for adding in [false, true] {
      let results = [chosen, library].map { products in
        let c = Block(random(m * (n + Self.gap), 5), columns: n + Self.gap), sums = Block(random(m, 6), columns: m)
        products.multiply(a, b, into: c.view.columns(3..<3 + n), adding: adding, sums: sums.view.pointer)
        return c.values + sums.values
      }
      #expect(relativeDifference(results[0], results[1]) < 1e-5)
    }
    let finishes: [(MatrixView<Element>) -> Finish<Element>] = [
      { _ in .plain }, { _ in .bias(bias.view.pointer) }, { .biasGELU(bias.view.pointer, activated: $0) },
      { .geluBackward(hidden: hidden.view, activated: $0) },
    ]
    for finish in finishes {
      let results = [chosen, library].map { products in
        let zero = [Element](repeating: make(0), count: m * n)
        let c = Block(zero, columns: n), activated = Block(zero, columns: n)
        products.multiply(a, b, into: c.view, finish: finish(activated.view))
        return c.values + activated.values
      }
      #expect(relativeDifference(results[0], results[1]) < tolerance)
    }
    withExtendedLifetime((left, right, bias, hidden)) {}
  }
}

/// A matrix with memory of its own.
private struct Block<Element: MatrixElement> {
  private let buffer: AlignedBuffer<Element>
  let view: MatrixView<Element>

  init(_ values: [Element], columns: Int) {
    buffer = AlignedBuffer(count: values.count)
    _ = buffer.elements.update(fromContentsOf: values)
    view = MatrixView(buffer.pointer, rows: values.count / columns, columns: columns)
  }

  var values: [Float] { buffer.elements.map(\.float) }
}
