import Benchmark
import CKernels
import Tensors

/// Each pass of a ViT-B block over the rows of one pair (216 tokens of 768 channels), in fp32 and in bf16, and AdamW.
/// The time of a sample is that of one pass; divide by the elements that its name gives.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(metrics: [.wallClock, .throughput], maxDuration: .seconds(1))
  passes(Float.self, "fp32")
  passes(BFloat16.self, "bf16")
  adamW()
}

private let rows = 216
private let columns = 768

/// The passes over rows that are the same for both operands.
private func passes<Element: Operand>(_ type: Element.Type, _ name: String) {
  let count = rows * columns
  Benchmark("GELU forward, \(count) elements, \(name)") { benchmark in
    let hidden = Block<Element>(), activated = Block<Element>(), bias = Block<Float>()
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      Element.biasGELU(hidden.matrix, bias.pointer, into: activated.matrix)
    }
  }
  Benchmark("GELU backward, \(count) elements, \(name)") { benchmark in
    let gradient = Block<Element>(), hidden = Block<Element>(), activated = Block<Element>()
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      Element.geluBackward(gradient.matrix, hidden: hidden.matrix, activated: activated.matrix)
    }
  }
  Benchmark("layer norm, \(count) elements, \(name)") { benchmark in
    let x = Block<Float>(), output = Block<Element>(), parameters = Block<Float>(), statistics = Block<Float>()
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      Element.layerNorm(
        x.matrix, parameters.pointer, parameters.pointer, into: output.matrix, mean: statistics.pointer,
        scale: statistics.pointer + rows)
    }
  }
  Benchmark("soft-max, \(rows * rows) elements, \(name)") { benchmark in
    let logits = Block<Float>(), probabilities = Block<Element>(), sums = Block<Float>()
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      Element.softmax(
        Matrix(logits.pointer, rows: rows, columns: rows), factor: 0.125, into: probabilities.pointer,
        logSum: sums.pointer)
    }
  }
  Benchmark("column sums, \(count) elements, \(name)") { benchmark in
    let x = Block<Element>(), sums = Block<Float>()
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      Element.columnSums(x.pointer, stride: columns, into: sums.pointer, rows: rows, columns: columns, adding: false)
    }
  }
}

private func adamW() {
  let count = 1 << 22
  Benchmark("AdamW, \(count) elements, fp32") { benchmark in
    let buffers = (0..<4).map { _ in AlignedBuffer<Float>(count: count) }
    var step = croco_adamw_step(
      gradient_scale: 1, beta1: 0.9, beta2: 0.95, step_size: 1e-3, root_correction: 1, epsilon: 1e-8)
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      croco_adamw(
        buffers[0].pointer, buffers[1].pointer, buffers[2].pointer, buffers[3].pointer, count, 0.9999, &step)
    }
  }
}

/// One pair's rows, filled with numbers that are neither zero nor denormal.
private final class Block<Element: Operand> {
  private let buffer: AlignedBuffer<Element>

  init() {
    buffer = AlignedBuffer(count: rows * columns)
    let values = (0..<rows * columns).map { Float($0 % 13) * 0.125 - 0.75 }
    Element.convert(values, into: buffer.pointer, count: values.count)
  }

  var pointer: UnsafeMutablePointer<Element> { buffer.pointer }
  var matrix: MatrixView<Element> { MatrixView(buffer.pointer, rows: rows, columns: columns) }
}
