import CGEMM
import Kernels
import Runtime
import TestSupport
import Testing

/// Products of 8-bit integers, on every path that this machine has, against sums that are written out.
@Suite struct IntegerProductTests {
  private static let paths = IntegerPath.allCases.filter(\.isAvailable)
  private static let sizes = [(m: 1, n: 1, k: 1), (m: 5, n: 33, k: 7), (m: 50, n: 96, k: 80), (m: 61, n: 70, k: 260)]

  @Test("A row times a weight is the written-out sum, bit by bit, whatever the path", arguments: [true, false])
  func products(isForward: Bool) {
    for (m, n, k) in Self.sizes {
      let a = random(m * k), w = random(n * k, 2), start = random(m * n, 3)
      let rows = (0..<m).map { i in Integers((0..<k).map { a[i * k + $0] }) }
      let channels = (0..<n).map { j in Integers((0..<k).map { isForward ? w[j * k + $0] : w[$0 * n + j] }) }
      let expected = rows.flatMap { row in channels.map { row.times($0) } }
      for path in Self.paths {
        let weight = Packed(w, k: k, n: n, transposed: isForward)
        #expect(weight.multiply(a, m: m, path, CROCO_GEMM_SET, start) == expected, "\(path.name) \(m) \(n) \(k)")
        let sums = zip(start, expected).map { $0 + $1 }
        #expect(weight.multiply(a, m: m, path, CROCO_GEMM_ADD, start) == sums, "\(path.name) \(m) \(n) \(k)")
      }
    }
  }

  @Test("The gradient of a weight has scales for each channel and block of tokens, and exact sums of columns")
  func gradients() {
    for (m, n, k) in [(m: 5, n: 33, k: 7), (m: 40, n: 64, k: 130), (m: 18, n: 35, k: 1100)] {
      let a = random(k * m), b = random(k * n, 2)
      // Blocks of equal length, multiples of 64, of at most 1,024 tokens.
      let count = (k + 1023) / 1024, length = ((k + count - 1) / count + 63) / 64 * 64
      var expected = [Float](repeating: 0, count: m * n)
      for start in stride(from: 0, to: k, by: length) {
        let tokens = start..<min(k, start + length)
        let left = (0..<m).map { i in Integers(tokens.map { a[$0 * m + i] }) }
        let right = (0..<n).map { j in Integers(tokens.map { b[$0 * n + j] }) }
        for i in 0..<m { for j in 0..<n { expected[i * n + j] += left[i].times(right[j]) } }
      }
      for path in Self.paths {
        var c = [Float](repeating: -1, count: m * n), sums = [Float](repeating: -1, count: m)
        let status = croco_int8_gradient(
          croco_int8_path(UInt32(path.rawValue)), CROCO_INT8_FLOAT, m, n, k, a, m, b, n, 0, &c, n, &sums)
        #expect(status == 0 && c == expected, "\(path.name) \(m) \(n) \(k)")
        for i in 0..<m {
          let sum = (0..<k).reduce(0.0) { $0 + Double(a[$1 * m + i]) }
          #expect(abs(Double(sums[i]) - sum) < 1e-4)
        }
      }
    }
  }

  @Test(
    "Results of bfloat16 are those of fp32, finished and rounded",
    .enabled(if: croco_gemm_bf16_available() != 0, "needs avx512_bf16"))
  func finished() {
    let (m, n, k) = (37, 70, 130)
    let a = random(m * k).map { BFloat16($0) }, w = random(n * k, 2), bias = random(n, 3)
    let weight = Packed(w, k: k, n: n, transposed: true)
    for path in Self.paths {
      let plain = weight.multiply(a.map(\.float), m: m, path, CROCO_GEMM_SET, [Float](repeating: 0, count: m * n))
      var c = [UInt16](repeating: 0, count: m * n), activated = c
      weight.run(a.map(\.bits), m: m, path, CROCO_INT8_BFLOAT16, CROCO_GEMM_NARROW, &c, croco_gemm_more())
      #expect(c == plain.map { BFloat16($0).bits })
      bias.withUnsafeBufferPointer { bias in
        activated.withUnsafeMutableBufferPointer { activated in
          let more = croco_gemm_more(bias: bias.baseAddress, hidden: nil, activated: activated.baseAddress, sums: nil)
          weight.run(a.map(\.bits), m: m, path, CROCO_INT8_BFLOAT16, CROCO_GEMM_BIAS_GELU, &c, more)
        }
      }
      #expect(c == (0..<m * n).map { BFloat16(plain[$0] + bias[$0 % n]).bits })
      // GELU lies within [-0.17, x], and far out is 0 or x.
      for (x, y) in zip(c, activated) {
        let (x, y) = (Float(bitPattern: UInt32(x) << 16), Float(bitPattern: UInt32(y) << 16))
        #expect(y > -0.18 && y <= max(0, x) * 1.01)
      }
    }
  }

  @Test("Products with a packed weight end as those of fp32 do, to the precision of 8 bits")
  func layers() {
    let (m, inputs, outputs) = (23, 96, 70)
    func buffer(_ values: [Float]) -> AlignedBuffer<Float> {
      let buffer = AlignedBuffer<Float>(count: values.count)
      _ = buffer.elements.update(fromContentsOf: values)
      return buffer
    }
    let x = buffer(random(m * inputs)), w = buffer(random(outputs * inputs, 2)), bias = buffer(random(outputs, 3))
    let (input, weights) = (
      Matrix(x.pointer, rows: m, columns: inputs), Matrix(w.pointer, rows: outputs, columns: inputs)
    )
    var memory: [AlignedBuffer<Float>] = []
    let packed = QuantizedWeight(outputs: outputs, inputs: inputs) { floats in
      memory.append(AlignedBuffer(count: floats))
      return memory[memory.count - 1].pointer
    }
    for part in 0..<3 { packed.pack(weights, for: .forward, part: part, of: 3) }
    let finishes: [(Matrix) -> Finish<Float>] = [
      { _ in .plain }, { _ in .bias(bias.pointer) }, { .biasGELU(bias.pointer, activated: $0) },
    ]
    for finish in finishes {
      let results = [Factor(packed), Factor(rounding: weights)].map { weight in
        let c = AlignedBuffer<Float>(count: 2 * m * outputs)
        let result = Matrix(c.pointer, rows: m, columns: outputs)
        let activated = Matrix(c.pointer + m * outputs, rows: m, columns: outputs)
        multiply(input.factor, weight.transposed, into: result, finish: finish(activated))
        return Array(c.elements)
      }
      #expect((1e-4...0.02).contains(relativeDifference(results[0], results[1])))
    }
    for part in 0..<2 { packed.pack(weights, for: .backward, part: part, of: 2) }
    let dy = buffer(random(m * outputs, 4)),
      gradients = [true, false].map { isQuantized in
        let c = AlignedBuffer<Float>(count: m * inputs)
        let weight = isQuantized ? Factor<Float>(packed) : Factor(rounding: weights)
        multiply(
          Matrix(dy.pointer, rows: m, columns: outputs).factor, weight,
          into: Matrix(c.pointer, rows: m, columns: inputs))
        return Array(c.elements)
      }
    #expect((1e-4...0.02).contains(relativeDifference(gradients[0], gradients[1])))
  }

  @Test("What is not a number or infinite spoils its row and no other; rows of zeros give zeros")
  func spoilt() {
    let (m, n, k) = (16, 40, 70)
    for value in [Float.nan, .infinity, -.infinity] {
      var a = random(m * k)
      a[3 * k + 5] = value
      for p in 0..<k { a[7 * k + p] = 0 }
      let weight = Packed(random(n * k, 2), k: k, n: n, transposed: true)
      for path in Self.paths {
        let c = weight.multiply(a, m: m, path, CROCO_GEMM_SET, [Float](repeating: 0, count: m * n))
        for i in 0..<m {
          let row = c[i * n..<(i + 1) * n]
          #expect(row.allSatisfy { i == 3 ? !$0.isFinite : $0.isFinite }, "\(path.name) row \(i)")
          if i == 7 { #expect(row.allSatisfy { $0 == 0 }) }
        }
      }
    }
  }
}

/// Numbers as integers of -127 ... 127 and a scale.
private struct Integers {
  let values: [Int]
  let scale: Float

  init(_ numbers: [Float]) {
    let largest = numbers.map(abs).max() ?? 0
    scale = largest / 127
    values = numbers.map { Int(($0 * (127 / largest)).rounded(.toNearestOrEven)) }
  }

  func times(_ other: Integers) -> Float {
    Float(zip(values, other.values).reduce(0) { $0 + $1.0 * $1.1 }) * (scale * other.scale)
  }
}

/// A packed weight with its memory.
private struct Packed {
  private let k: Int, n: Int
  private let panels: AlignedBuffer<UInt8>, scales: AlignedBuffer<Float>

  init(_ w: [Float], k: Int, n: Int, transposed: Bool) {
    (self.k, self.n) = (k, n)
    panels = AlignedBuffer(count: croco_int8_bytes(k, n))
    scales = AlignedBuffer(count: 32 * croco_int8_panels(n))
    var weight = croco_int8_weight(panels: panels.pointer, scales: scales.pointer)
    // In two parts, as threads share it.
    let middle = croco_int8_panels(n) / 2
    for (first, last) in [(0, middle), (middle, croco_int8_panels(n))] {
      let status = croco_int8_pack(transposed ? 1 : 0, k, n, w, transposed ? k : n, &weight, first, last)
      precondition(status == 0)
    }
  }

  /// The product, set or added to `start` [m, n].
  func multiply(
    _ a: [Float], m: Int, _ path: IntegerPath, _ result: croco_gemm_result, _ start: [Float]
  ) -> [Float] {
    var c = start
    run(a, m: m, path, CROCO_INT8_FLOAT, result, &c, croco_gemm_more())
    return c
  }

  func run<Operand, Result>(
    _ a: [Operand], m: Int, _ path: IntegerPath, _ operand: croco_int8_operand, _ result: croco_gemm_result,
    _ c: inout [Result], _ more: croco_gemm_more
  ) {
    var weight = croco_int8_weight(panels: panels.pointer, scales: scales.pointer), more = more
    let status = croco_int8_gemm(
      croco_int8_path(UInt32(path.rawValue)), operand, m, n, k, a, k, &weight, result, &c, n, &more)
    precondition(status == 0)
  }
}
