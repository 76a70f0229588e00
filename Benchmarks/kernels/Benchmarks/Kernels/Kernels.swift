import Benchmark
import CTransformer

/// Each pass of a ViT-B block over the rows of one pair (216 tokens of 768 channels), in fp32 and in bf16, and AdamW: the C
/// functions by themselves. The time of a sample is that of one pass; divide by the elements that its name gives.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(metrics: [.wallClock, .throughput], maxDuration: .seconds(1))
  fp32()
  bf16()
  adamW()
}

private let rows = 216
private let columns = 768
private let count = rows * columns

private func fp32() {
  measure("GELU forward, \(count) elements, fp32") {
    let hidden = floats(), activated = floats(), bias = floats()
    return { croco_bias_gelu(hidden, bias, activated, rows, columns) }
  }
  measure("GELU backward, \(count) elements, fp32") {
    let gradient = floats(), hidden = floats(), activated = floats()
    return { croco_gelu_backward(gradient, hidden, activated, count) }
  }
  measure("layer norm, \(count) elements, fp32") {
    let x = floats(), output = floats(), parameters = floats(), statistics = floats()
    return { croco_layer_norm(x, parameters, parameters, output, statistics, statistics + rows, rows, columns) }
  }
  measure("soft-max, \(rows * rows) elements, fp32") {
    let logits = floats(), probabilities = floats(), sums = floats()
    return { croco_softmax(logits, 0.125, probabilities, sums, rows, rows) }
  }
  measure("column sums, \(count) elements, fp32") {
    let x = floats(), sums = floats()
    return { croco_column_sums(x, columns, sums, rows, columns, 0) }
  }
}

private func bf16() {
  measure("GELU forward, \(count) elements, bf16") {
    let hidden = halves(), activated = halves(), bias = floats()
    return { croco_bias_gelu_bf16(hidden, bias, activated, rows, columns) }
  }
  measure("GELU backward, \(count) elements, bf16") {
    let gradient = halves(), hidden = halves(), activated = halves()
    return { croco_gelu_backward_bf16(gradient, hidden, activated, count) }
  }
  measure("layer norm, \(count) elements, bf16") {
    let x = floats(), output = halves(), parameters = floats(), statistics = floats()
    return { croco_layer_norm_bf16(x, parameters, parameters, output, statistics, statistics + rows, rows, columns) }
  }
  measure("soft-max, \(rows * rows) elements, bf16") {
    let logits = floats(), probabilities = halves(), sums = floats()
    return { croco_softmax_bf16(logits, 0.125, probabilities, sums, rows, rows) }
  }
  measure("column sums, \(count) elements, bf16") {
    let x = halves(), sums = floats()
    return { croco_column_sums_bf16(x, columns, sums, rows, columns, 0) }
  }
}

private func adamW() {
  let count = 1 << 22
  measure("AdamW, \(count) elements, fp32") {
    let buffers = (0..<4).map { _ in floats(count) }
    return {
      var step = croco_adamw_step(
        gradient_scale: 1, beta1: 0.9, beta2: 0.95, step_size: 1e-3, root_correction: 1, epsilon: 1e-8)
      croco_adamw(buffers[0], buffers[1], buffers[2], buffers[3], count, 0.9999, &step)
    }
  }
}

/// Registers a benchmark; `prepare` makes its memory, which lives to the end of the process, and gives the pass.
private func measure(_ name: String, _ prepare: @escaping @Sendable () -> () -> Void) {
  Benchmark(name) { benchmark in
    let pass = prepare()
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { pass() }
  }
}

/// Floats that are neither zero nor denormal, aligned as croco's buffers are.
private func floats(_ count: Int = count) -> UnsafeMutablePointer<Float> {
  let memory = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
    .bindMemory(to: Float.self, capacity: count)
  for i in 0..<count { memory[i] = Float(i % 13) * 0.125 - 0.75 }
  return memory
}

/// The same numbers as bfloat16.
private func halves() -> UnsafeMutablePointer<UInt16> {
  let memory = UnsafeMutableRawPointer.allocate(byteCount: count * 2, alignment: 64)
    .bindMemory(to: UInt16.self, capacity: count)
  croco_narrow(floats(), memory, count)
  return memory
}
