import CGEMM
import Foundation
import Kernels
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
        product.ldb, adds ? CROCO_GEMM_ADD : CROCO_GEMM_SET, &c, product.ldc, nil)
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
        adds ? CROCO_GEMM_ADD : CROCO_GEMM_SET, &c, product.ldc, nil)
      #expect(status == 0)
      product.expect(c, adds: adds, tolerance: 3e-7)
    }
    var rounded = product.start.map { BFloat16($0).bits }
    #expect(
      croco_gemm_bf16(
        product.transposeA, product.transposeB, sizes.m, sizes.n, sizes.k, a, product.lda, b, product.ldb,
        CROCO_GEMM_NARROW, &rounded, product.ldc, nil) == 0)
    // Half of the last of 8 digits.
    product.expect(rounded.map { Float(bitPattern: UInt32($0) << 16) }, adds: false, tolerance: 0x1p-8)
  }

  @Test(
    "Rounding B while it is read gives the bits of rounding it before",
    .enabled(if: croco_gemm_bf16_available() != 0, "this processor has no avx512_bf16"), arguments: sizes, [0, 2])
  func rounding(sizes: Sizes, transposed: Int) {
    let product = Case<BFloat16>(sizes, transposed) { BFloat16($0) }
    let a = product.a.map(\.bits)
    let floats = Case<Float>(sizes, transposed) { $0 }.b
    let rounded = floats.map { BFloat16($0).bits }
    for result in [CROCO_GEMM_SET, CROCO_GEMM_ADD] {
      var (c, expected) = (product.start, product.start)
      let before = croco_gemm_bf16(
        product.transposeA, product.transposeB, sizes.m, sizes.n, sizes.k, a, product.lda, rounded, product.ldb,
        result, &expected, product.ldc, nil)
      let meanwhile = croco_gemm_bf16_rounding(
        product.transposeA, product.transposeB, sizes.m, sizes.n, sizes.k, a, product.lda, floats, product.ldb, result,
        &c, product.ldc, nil)
      #expect(before == 0 && meanwhile == 0)
      #expect(c == expected)
    }
  }

  @Test("Sums of the rows of a transposed A come with the product, set or added", arguments: sizes)
  func sums(sizes: Sizes) {
    let product = Case<Float>(sizes, 1) { $0 }
    let narrow = product.a.map { BFloat16($0) }
    let start = random(sizes.m, 5)
    for adds in [false, true] {
      var (float, brainFloat) = (start, start)
      let result = adds ? CROCO_GEMM_ADD : CROCO_GEMM_SET
      float.withUnsafeMutableBufferPointer { sums in
        var (c, more) = (product.start, croco_gemm_more())
        more.sums = sums.baseAddress
        #expect(
          croco_gemm(
            1, 0, sizes.m, sizes.n, sizes.k, product.a, product.lda, product.b, product.ldb, result, &c, product.ldc,
            &more) == 0)
        product.expect(c, adds: adds, tolerance: 3e-7)
      }
      if croco_gemm_bf16_available() != 0 {
        brainFloat.withUnsafeMutableBufferPointer { sums in
          var (c, more) = (product.start, croco_gemm_more())
          more.sums = sums.baseAddress
          let b = product.b.map { BFloat16($0).bits }
          #expect(
            croco_gemm_bf16(
              1, 0, sizes.m, sizes.n, sizes.k, narrow.map(\.bits), product.lda, b, product.ldb, result, &c,
              product.ldc, &more) == 0)
        }
      }
      for i in 0..<sizes.m {
        func expect(_ sum: Float, _ column: [Float]) {
          let exact = column.reduce(adds ? Double(start[i]) : 0) { $0 + Double($1) }
          #expect(abs(Double(sum) - exact) <= 1e-6 * column.reduce(1) { $0 + Double(abs($1)) })
        }
        expect(float[i], (0..<sizes.k).map { product.a[$0 * product.lda + i] })
        if croco_gemm_bf16_available() != 0 {
          expect(brainFloat[i], (0..<sizes.k).map { narrow[$0 * product.lda + i].float })
        }
      }
    }
  }

  @Test(
    "Bias, GELU and its gradient on the way equal the definition, rounded once",
    .enabled(if: croco_gemm_bf16_available() != 0, "this processor has no avx512_bf16"), arguments: sizes)
  func finishes(sizes: Sizes) {
    let (m, n, k) = (sizes.m, sizes.n, sizes.k)
    let a = random(m * k).map { BFloat16($0) }, b = random(n * k, 2).map { BFloat16($0) }
    let bias = random(n, 3), hidden = random(m * n, 4).map { BFloat16(6 * $0) }
    func run(_ result: croco_gemm_result) -> (c: [Float], activated: [Float]) {
      var c = [UInt16](repeating: 0x7FC0, count: m * n), activated = c
      let status = bias.withUnsafeBufferPointer { bias in
        hidden.map(\.bits).withUnsafeBufferPointer { hidden in
          activated.withUnsafeMutableBufferPointer { activated in
            var more = croco_gemm_more(
              bias: bias.baseAddress, hidden: hidden.baseAddress, activated: activated.baseAddress, sums: nil)
            return croco_gemm_bf16(0, 1, m, n, k, a.map(\.bits), k, b.map(\.bits), k, result, &c, n, &more)
          }
        }
      }
      #expect(status == 0)
      let floats = { (halves: [UInt16]) in halves.map { Float(bitPattern: UInt32($0) << 16) } }
      return (floats(c), floats(activated))
    }
    let (biased, activating, backward) = (
      run(CROCO_GEMM_BIAS), run(CROCO_GEMM_BIAS_GELU), run(CROCO_GEMM_GELU_BACKWARD)
    )
    var wrong = 0
    func check(_ value: Float, _ exact: Double, _ slack: Double) {
      if !(abs(Double(value) - exact) <= abs(exact) * (0x1p-8 + 4e-4) + slack) { wrong += 1 }
    }
    for place in 0..<m * n {
      let (i, j) = (place / n, place % n)
      let terms = (0..<k).map { Double(a[i * k + $0].float) * Double(b[j * k + $0].float) }
      let sum = terms.reduce(0, +), slack = terms.reduce(1e-6) { $0 + abs($1) } * 3e-7
      let x = Double(hidden[place].float)
      check(biased.c[place], sum + Double(bias[j]), slack)
      check(activating.c[place], sum + Double(bias[j]), slack)
      check(activating.activated[place], gelu(sum + Double(bias[j])), slack)
      check(backward.activated[place], gelu(x), 1e-7)
      check(backward.c[place], sum * geluSlope(x), slack + abs(sum) * 3e-4)
    }
    #expect(wrong == 0, "elements that are wrong")
  }

  @Test(
    "What is not a number stays so through GELU; infinity stays",
    .enabled(if: croco_gemm_bf16_available() != 0, "this processor has no avx512_bf16"))
  func spoiltActivations() {
    let bias: [Float] = [.nan, .infinity, 100, -100]
    var c = [UInt16](repeating: 0, count: 4), activated = c
    bias.withUnsafeBufferPointer { bias in
      activated.withUnsafeMutableBufferPointer { activated in
        var more = croco_gemm_more(bias: bias.baseAddress, hidden: nil, activated: activated.baseAddress, sums: nil)
        _ = croco_gemm_bf16(0, 1, 1, 4, 0, [0], 1, [0], 1, CROCO_GEMM_BIAS_GELU, &c, 4, &more)
      }
    }
    let values = activated.map { Float(bitPattern: UInt32($0) << 16) }
    #expect(values[0].isNaN)
    #expect(values[1] == .infinity)
    #expect(values[2] == 100)
    #expect(abs(values[3]) < 1e-30)
  }

  @Test("Cutting rows or columns elsewhere does not change a bit")
  func cuts() {
    let (m, n, k) = (61, 75, 801)
    let a = random(m * k), b = random(k * n, 2)
    var whole = [Float](repeating: 0, count: m * n), parts = whole
    #expect(croco_gemm(0, 0, m, n, k, a, k, b, n, CROCO_GEMM_SET, &whole, n, nil) == 0)
    for (top, bottom) in [(0, 17), (17, 61)] {
      for (left, right) in [(0, 40), (40, 41), (41, 75)] {
        a.withUnsafeBufferPointer { a in
          b.withUnsafeBufferPointer { b in
            parts.withUnsafeMutableBufferPointer { parts in
              _ = croco_gemm(
                0, 0, bottom - top, right - left, k, a.baseAddress! + top * k, k, b.baseAddress! + left, n,
                CROCO_GEMM_SET, parts.baseAddress! + top * n + left, n, nil)
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
    #expect(croco_gemm(0, 0, 20, 30, 40, a, 40, random(40 * 30, 2), 30, CROCO_GEMM_SET, &c, 30, nil) == 0)
    for (index, value) in c.enumerated() { #expect(value.isNaN == (index / 30 == 5)) }
    #expect(croco_gemm(0, 0, 20, 30, 0, a, 40, a, 30, CROCO_GEMM_SET, &c, 30, nil) == 0)
    #expect(c.allSatisfy { $0 == 0 })
  }
}

/// Operands of a product, and what comes of them in double precision.
private struct Case<Element: MatrixElement> {
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

private func normalDistribution(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

private func gelu(_ x: Double) -> Double { x * normalDistribution(x) }

private func geluSlope(_ x: Double) -> Double {
  normalDistribution(x) + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
}
