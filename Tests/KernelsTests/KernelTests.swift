import CImage
import CTransformer
import Foundation
import Kernels
import Runtime
import TestSupport
import Testing

/// Fast kernels against naive ones, on sizes with and without a remainder of vectors.
@Suite struct KernelTests {
  static let widths = [1, 7, 16, 20, 64, 77, 196]

  @Test("Soft-max and its log-sum equal the definition", arguments: widths)
  func softmax(width: Int) {
    let logits = random(3 * width, scale: 8)
    var spoilt = logits, probabilities = logits, logSum = [Float](repeating: 0, count: 3)
    croco_softmax(&spoilt, 0.3, &probabilities, &logSum, 3, width)
    for row in 0..<3 {
      let values = logits[row * width..<(row + 1) * width].map { 0.3 * Double($0) }
      let total = values.reduce(0) { $0 + exp($1) }
      let expected = values.map { Float(exp($0) / total) }
      #expect(relativeDifference(Array(probabilities[row * width..<(row + 1) * width]), expected) < 1e-6)
      #expect(abs(Double(logSum[row]) - log(total)) < 1e-5)
    }
  }

  @Test("Soft-max backward recovers the probabilities and the gradient", arguments: widths)
  func softmaxBackward(width: Int) {
    let logits = random(2 * width, scale: 3), upstream = random(2 * width, 2)
    var spoilt = logits, probabilities = logits, logSum = [Float](repeating: 0, count: 2)
    croco_softmax(&spoilt, 0.5, &probabilities, &logSum, 2, width)
    var again = logits, gradient = upstream
    again.withUnsafeMutableBufferPointer { again in
      let memory = again.baseAddress!
      croco_softmax_backward(memory, 0.5, logSum, upstream, memory, &gradient, 2, width)
    }
    #expect(relativeDifference(again, probabilities) < 2e-6)
    for row in 0..<2 {
      let range = row * width..<(row + 1) * width
      let dot = zip(probabilities[range], upstream[range]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      let expected = zip(probabilities[range], upstream[range]).map { Float(0.5 * Double($0) * (Double($1) - dot)) }
      #expect(largestDifference(Array(gradient[range]), expected) < 1e-6)
    }
  }

  @Test("Column sums, biases and residuals equal the definition", arguments: widths)
  func rows(width: Int) {
    let x = random(5 * width), bias = random(width, 3), residual = random(5 * width, 4)
    var sums = bias
    croco_column_sums(x, width, &sums, 5, width, 0)
    var biased = x, ended = x
    croco_add_bias(&biased, width, bias, 5, width)
    croco_add_bias_residual(&ended, bias, residual, 5, width)
    for column in 0..<width {
      let expected = (0..<5).reduce(0.0) { $0 + Double(x[$1 * width + column]) }
      #expect(abs(Double(sums[column]) - expected) < 1e-5)
      for row in 0..<5 {
        let place = row * width + column
        #expect(biased[place] == x[place] + bias[column])
        #expect(abs(ended[place] - (x[place] + bias[column] + residual[place])) < 1e-6)
      }
    }
  }

  @Test("GEMM equals the definition with every transposition", arguments: [true, false], [true, false])
  func gemm(transposeA: Bool, transposeB: Bool) {
    let (m, n, k) = (5, 7, 11)
    let a = random(m * k), b = random(k * n, 2), start = random(m * n, 3)
    let product = ProductCase(a, b, m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB)
    let c = product.multiply(addingTo: start, by: OpenBLAS.products)
    for i in 0..<m {
      for j in 0..<n {
        let sum = (0..<k).reduce(0.0) { sum, p in
          let left = transposeA ? a[p * m + i] : a[i * k + p], right = transposeB ? b[j * k + p] : b[p * n + j]
          return sum + Double(left) * Double(right)
        }
        #expect(abs(Double(c[i * n + j]) - (sum + Double(start[i * n + j]))) < 1e-5)
      }
    }
  }

  @Test("Rotating there and back gives the tokens again")
  func rotation() {
    let x = random(3 * 24)
    let angles = random(3 * 4, 5)
    let (cosine, sine) = (angles.map { Foundation.cos($0) }, angles.map { Foundation.sin($0) })
    var turned = x
    croco_rotate(&turned, 24, [0, 1, 2], cosine, sine, 1, 3, 3, 8)
    #expect(relativeDifference(turned, x) > 0.1)
    croco_rotate(&turned, 24, [0, 1, 2], cosine, sine, -1, 3, 3, 8)
    #expect(relativeDifference(turned, x) < 1e-6)
  }

  @Test("CRC-32C has its published value, and the same by instruction and by tables, in pieces too")
  func checksum() {
    let text = Array("123456789".utf8)
    #expect(croco_crc32c(0, text, text.count) == 0xE306_9283)
    var random = RandomStream(seed: 3, purpose: .test)
    let bytes = (0..<1000).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }
    for count in [0, 1, 7, 8, 9, 63, 1000] {
      let expected = croco_crc32c_by_tables(0, bytes, count)
      #expect(croco_crc32c(0, bytes, count) == expected)
      let first = count / 3
      let rest = bytes[first..<count].withUnsafeBytes {
        croco_crc32c(croco_crc32c(0, bytes, first), $0.baseAddress, $0.count)
      }
      #expect(rest == expected)
    }
  }
}
