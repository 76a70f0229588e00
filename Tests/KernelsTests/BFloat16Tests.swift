import CTransformer
import Kernels
import TestSupport
import Testing

/// bfloat16 and the passes over it, against fp32.
@Suite struct BFloat16Tests {
  static let widths = [1, 7, 16, 20, 64, 77, 196]

  private func rounded(_ values: [Float]) -> [Float] { values.map { BFloat16($0).float } }
  private func halves(_ values: [Float]) -> [UInt16] { values.map { BFloat16($0).bits } }
  private func floats(_ halves: [UInt16]) -> [Float] { halves.map { Float(bitPattern: UInt32($0) << 16) } }

  @Test("Rounding goes to the nearest, ties to even, and keeps what is special")
  func rounding() {
    #expect(BFloat16(1).float == 1 && BFloat16(-0.0).bits == 0x8000)
    #expect(BFloat16(Float(bitPattern: 0x3F80_8000)).bits == 0x3F80)  // a tie, the lower is even
    #expect(BFloat16(Float(bitPattern: 0x3F81_8000)).bits == 0x3F82)  // a tie, the upper is even
    #expect(BFloat16(Float(bitPattern: 0x3F80_8001)).bits == 0x3F81)
    #expect(BFloat16(.infinity).float == .infinity && BFloat16(.greatestFiniteMagnitude).float == .infinity)
    #expect(BFloat16(.nan).float.isNaN && BFloat16(Float(bitPattern: 0x7FFF_FFFF)).float.isNaN)
  }

  @Test("The kernel rounds as the type does, NaN included", arguments: widths)
  func narrowing(width: Int) {
    var values = random(width, scale: 100)
    values[width / 2] = .nan
    if width > 16 { values[3] = Float(bitPattern: 0x7F80_0001) }
    var out = [UInt16](repeating: 0, count: width)
    croco_narrow(values, &out, width)
    #expect(out == halves(values))
    #expect(floats(out)[width / 2].isNaN)
  }

  @Test("Passes over rows equal the rounded fp32 passes", arguments: widths)
  func rows(width: Int) {
    let x = rounded(random(5 * width)), bias = random(width, 3)
    var biased = x, biasedHalves = halves(x)
    croco_add_bias(&biased, width, bias, 5, width)
    croco_add_bias_bf16(&biasedHalves, width, bias, 5, width)
    #expect(biasedHalves == halves(biased))
    var sums = bias, sumsOfHalves = bias
    croco_column_sums(x, width, &sums, 5, width, 0)
    croco_column_sums_bf16(halves(x), width, &sumsOfHalves, 5, width, 0)
    #expect(sums == sumsOfHalves)
    var pre = x, out = x, preHalves = halves(x), outHalves = preHalves
    croco_bias_gelu(&pre, bias, &out, 5, width)
    croco_bias_gelu_bf16(&preHalves, bias, &outHalves, 5, width)
    #expect(preHalves == halves(pre))
    #expect(largestDifference(floats(outHalves), out) < 0.03)
    let gradient = rounded(random(5 * width, 7))
    var slope = gradient, again = x, slopeHalves = halves(gradient), againHalves = outHalves
    croco_gelu_backward(&slope, x, &again, 5 * width)
    croco_gelu_backward_bf16(&slopeHalves, halves(x), &againHalves, 5 * width)
    #expect(slopeHalves == halves(slope) && againHalves == halves(again))
  }

  @Test("Layer norm and soft-max round their results alone", arguments: widths)
  func norms(width: Int) {
    let x = random(3 * width), weight = random(width, 2), bias = random(width, 3), g = random(3 * width, 4)
    var mean = [Float](repeating: 0, count: 3), scale = mean
    var out = x, outHalves = halves(x)
    croco_layer_norm(x, weight, bias, &out, &mean, &scale, 3, width)
    croco_layer_norm_bf16(x, weight, bias, &outHalves, &mean, &scale, 3, width)
    #expect(outHalves == halves(out))
    var dx = x, dw = [Float](repeating: 0, count: width), db = dw, copy = outHalves, again = outHalves
    croco_layer_norm_backward_bf16(x, g, mean, scale, weight, bias, x, &dx, &copy, &dw, &db, &again, 3, width)
    var expected = x, expectedWeight = [Float](repeating: 0, count: width), expectedBias = expectedWeight,
      normalized = x
    croco_layer_norm_backward(
      x, g, mean, scale, weight, bias, x, &expected, nil, &expectedWeight, &expectedBias, &normalized, 3, width)
    #expect(dx == expected && dw == expectedWeight && db == expectedBias)
    #expect(copy == halves(dx) && again == halves(normalized))

    var logits = x, probabilities = x, probabilityHalves = halves(x), sums = mean
    croco_softmax(&logits, 0.5, &probabilities, &sums, 3, width)
    logits = x
    croco_softmax_bf16(&logits, 0.5, &probabilityHalves, &sums, 3, width)
    #expect(probabilityHalves == halves(probabilities))
  }

  @Test(
    "bf16 GEMM equals the definition with every transposition, added or rounded",
    .enabled(
      if: MatrixProducts.bfloat16Obstacle == nil,
      Comment(rawValue: "no bf16 here: \(MatrixProducts.bfloat16Obstacle ?? "")")),
    arguments: [true, false], [true, false])
  func gemm(transposeA: Bool, transposeB: Bool) {
    let (m, n, k) = (5, 7, 11)
    let a = random(m * k).map { BFloat16($0) }, b = random(k * n, 2).map { BFloat16($0) }, start = random(m * n, 3)
    let product = ProductCase(a, b, m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB)
    let c = product.multiply(addingTo: start, by: BFloat16.products.pointee)
    let rounded = product.multiply(by: BFloat16.products.pointee)
    for i in 0..<m {
      for j in 0..<n {
        let sum = (0..<k).reduce(0.0) { sum, p in
          let left = transposeA ? a[p * m + i] : a[i * k + p], right = transposeB ? b[j * k + p] : b[p * n + j]
          return sum + Double(left.float) * Double(right.float)
        }
        #expect(abs(Double(c[i * n + j]) - (sum + Double(start[i * n + j]))) < 1e-5)
        #expect(abs(Double(rounded[i * n + j].float) - sum) <= max(1e-6, abs(sum) / 256))
      }
    }
  }
}
