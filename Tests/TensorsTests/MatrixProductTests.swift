import CGEMM
import Tensors
import TestSupport
import Testing

/// croco's own matrix products against the definition, at sizes around those of registers, panels and blocks.
@Suite(.enabled(if: croco_gemm_available() != 0, "this processor has no AVX-512"))
struct MatrixProductTests {
  struct Sizes: Sendable, CustomTestStringConvertible {
    let m: Int, n: Int, k: Int
    /// Elements between the rows of A beyond what they hold.
    let apart: Int
    var testDescription: String { "\(m) x \(n) x \(k), rows \(apart) further apart" }
  }

  // 14 rows and 32 or 16 columns of a tile, 768 units of k in a block, 1,024 floats after which rows share cache sets.
  static let sizes = [
    Sizes(m: 1, n: 1, k: 1, apart: 0), Sizes(m: 14, n: 32, k: 16, apart: 0), Sizes(m: 15, n: 33, k: 17, apart: 3),
    Sizes(m: 29, n: 48, k: 5, apart: 1), Sizes(m: 31, n: 130, k: 100, apart: 924),
    Sizes(m: 13, n: 16, k: 769, apart: 0),
    Sizes(m: 3, n: 7, k: 3100, apart: 2), Sizes(m: 801, n: 3, k: 2, apart: 0),
  ]

  @Test("fp32 products equal the definition, set or added", arguments: sizes, [0, 1, 2, 3])
  func float(sizes: Sizes, transposed: Int) {
    let product = Case<Float>(sizes, transposed) { $0 }
    for adds in [false, true] {
      var c = product.start
      let status = croco_gemm(
        product.transposeA, product.transposeB, sizes.m, sizes.n, sizes.k, product.a, product.lda, product.b,
        product.ldb, adds ? CROCO_GEMM_ADD : CROCO_GEMM_SET, &c, product.ldc)
      #expect(status == 0)
      product.expect(c, adds: adds, tolerance: 3e-7)
    }
  }

  @Test(
    "bf16 products equal the definition, set, added or rounded",
    .enabled(if: croco_gemm_bf16_available() != 0, "this processor has no avx512_bf16"), arguments: sizes, [0, 1, 2, 3])
  func brainFloat(sizes: Sizes, transposed: Int) {
    let product = Case<BFloat16>(sizes, transposed) { BFloat16($0) }
    let (a, b) = (product.a.map(\.bits), product.b.map(\.bits))
    for adds in [false, true] {
      var c = product.start
      let status = croco_gemm_bf16(
        product.transposeA, product.transposeB, sizes.m, sizes.n, sizes.k, a, product.lda, b, product.ldb,
        adds ? CROCO_GEMM_ADD : CROCO_GEMM_SET, &c, product.ldc)
      #expect(status == 0)
      product.expect(c, adds: adds, tolerance: 3e-7)
    }
    var rounded = product.start.map { BFloat16($0).bits }
    #expect(
      croco_gemm_bf16(
        product.transposeA, product.transposeB, sizes.m, sizes.n, sizes.k, a, product.lda, b, product.ldb,
        CROCO_GEMM_NARROW, &rounded, product.ldc) == 0)
    // Half of the last of 8 digits.
    product.expect(rounded.map { Float(bitPattern: UInt32($0) << 16) }, adds: false, tolerance: 0x1p-8)
  }

  @Test("Cutting rows or columns elsewhere does not change a bit")
  func cuts() {
    let (m, n, k) = (61, 75, 801)
    let a = random(m * k), b = random(k * n, 2)
    var whole = [Float](repeating: 0, count: m * n), parts = whole
    #expect(croco_gemm(0, 0, m, n, k, a, k, b, n, CROCO_GEMM_SET, &whole, n) == 0)
    for (top, bottom) in [(0, 17), (17, 61)] {
      for (left, right) in [(0, 40), (40, 41), (41, 75)] {
        a.withUnsafeBufferPointer { a in
          b.withUnsafeBufferPointer { b in
            parts.withUnsafeMutableBufferPointer { parts in
              _ = croco_gemm(
                0, 0, bottom - top, right - left, k, a.baseAddress! + top * k, k, b.baseAddress! + left, n,
                CROCO_GEMM_SET, parts.baseAddress! + top * n + left, n)
            }
          }
        }
      }
    }
    #expect(parts == whole)
  }

  @Test("What is not a number spoils its row and nothing else; no k gives zero")
  func edges() {
    var a = random(20 * 40)
    a[5 * 40 + 39] = .nan
    var c = [Float](repeating: 0, count: 20 * 30)
    #expect(croco_gemm(0, 0, 20, 30, 40, a, 40, random(40 * 30, 2), 30, CROCO_GEMM_SET, &c, 30) == 0)
    for (index, value) in c.enumerated() { #expect(value.isNaN == (index / 30 == 5)) }
    #expect(croco_gemm(0, 0, 20, 30, 0, a, 40, a, 30, CROCO_GEMM_SET, &c, 30) == 0)
    #expect(c.allSatisfy { $0 == 0 })
  }
}

/// Operands of a product, and what comes of them in double precision.
private struct Case<Element: Operand> {
  let sizes: MatrixProductTests.Sizes
  let transposeA: Int32, transposeB: Int32
  let lda: Int, ldb: Int, ldc: Int
  let a: [Element], b: [Element]
  let start: [Float]

  init(_ sizes: MatrixProductTests.Sizes, _ transposed: Int, _ make: (Float) -> Element) {
    self.sizes = sizes
    transposeA = Int32(transposed & 1)
    transposeB = Int32(transposed >> 1)
    let (stored, other) = (transposeA == 1 ? sizes.k : sizes.m, transposeB == 1 ? sizes.n : sizes.k)
    lda = (transposeA == 1 ? sizes.m : sizes.k) + sizes.apart
    ldb = (transposeB == 1 ? sizes.k : sizes.n) + sizes.apart
    ldc = sizes.n + 2
    a = random(stored * lda).map(make)
    b = random(other * ldb, 2).map(make)
    start = random(sizes.m * ldc, 3)
  }

  /// - Parameter tolerance: of each element, against the sum of its terms' magnitudes.
  func expect(_ c: [Float], adds: Bool, tolerance: Double, sourceLocation: SourceLocation = #_sourceLocation) {
    var wrong = 0
    for i in 0..<sizes.m {
      for j in 0..<ldc {
        let place = i * ldc + j
        guard j < sizes.n else {
          // What lies between the rows is nobody's to write.
          if abs(c[place] - start[place]) > abs(start[place]) * Float(0x1p-8) { wrong += 1 }
          continue
        }
        var (sum, magnitude) = (adds ? Double(start[place]) : 0, adds ? abs(Double(start[place])) : 1e-9)
        for p in 0..<sizes.k {
          let left = transposeA == 1 ? a[p * lda + i] : a[i * lda + p]
          let right = transposeB == 1 ? b[j * ldb + p] : b[p * ldb + j]
          let term = Double(left.float) * Double(right.float)
          sum += term
          magnitude += abs(term)
        }
        if !(abs(Double(c[place]) - sum) <= tolerance * magnitude) { wrong += 1 }
      }
    }
    #expect(wrong == 0, "elements that are wrong", sourceLocation: sourceLocation)
  }
}
