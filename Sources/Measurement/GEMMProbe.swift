import CroCoModel
import Kernels
import Runtime

/// Runs one product on several workers at once, each with a left factor and a result of its own, as slabs do.
///
/// Weights are read from fp32 where products round what they read, as in training.
final class GEMMProbe<Element: MatrixElement> {
  /// A worker's own memory.
  private struct Side {
    let left: AlignedBuffer<Element>
    let floats: AlignedBuffer<Float>  // a result of fp32
    let elements: AlignedBuffer<Element>  // another, and what it is finished with
    let hidden: AlignedBuffer<Element>
    let activated: AlignedBuffer<Element>
    let sums: AlignedBuffer<Float>  // [m]
  }

  let shape: GEMMShape
  private let pool: WorkerPool
  private let weights: AlignedBuffer<Float>
  private let right: AlignedBuffer<Element>
  private let sides: [Side]
  private let bias: AlignedBuffer<Float>  // [outputs]
  private let quantized: (weight: QuantizedWeight, memory: [AlignedBuffer<Float>])?
  private let quantizesGradient: Bool

  /// Allocates for all workers of `pool`; the element's products must be possible.
  ///
  /// - Parameter quantization: which products are of integers.
  init(_ shape: GEMMShape, pool: WorkerPool, _ quantization: Quantization) {
    self.shape = shape
    self.pool = pool
    let isGradient = shape.pass == .weightGradient
    weights = Self.filled(shape.inputs * shape.outputs)
    right = Self.filled(isGradient ? shape.k * shape.inputs : shape.inputs * shape.outputs)
    bias = Self.filled(shape.outputs)
    quantized = quantization > .none && !isGradient ? Self.quantized(weights, shape) : nil
    quantizesGradient = quantization == .all
    let isFloat = shape.result == .float || shape.result == .sums
    let count = isFloat ? 0 : shape.m * shape.n
    sides = (0..<pool.workerCount).map { _ in
      Side(
        left: Self.filled(isGradient ? shape.k * shape.outputs : shape.m * shape.k),
        floats: AlignedBuffer(count: isGradient ? shape.outputs * shape.inputs : isFloat ? shape.m * shape.n : 0),
        elements: AlignedBuffer(count: count), hidden: Self.filled(count), activated: AlignedBuffer(count: count),
        sums: AlignedBuffer(count: shape.m))
    }
  }

  /// GFLOP/s over all workers, `count` times, each over at least 1 GFLOP a worker; one more goes before to warm up.
  func gflops(count: Int) -> [Double] {
    let repetitions = max(1, Int((1e9 / shape.operations).rounded(.up)))
    let work = Double(pool.workerCount * repetitions) * shape.operations
    let all = (0...count).map { _ in
      let milliseconds = Stopwatch.milliseconds {
        pool.run(pool.workerCount) { task, _ in for _ in 0..<repetitions { run(sides[task]) } }
      }
      return work / milliseconds * 1e-6
    }
    return Array(all.dropFirst())
  }

  private func run(_ side: Side) {
    let (a, b) = factors(side)
    func view(_ buffer: AlignedBuffer<Element>) -> MatrixView<Element> {
      MatrixView(buffer.pointer, rows: shape.m, columns: shape.n)
    }
    let (elements, activated) = (view(side.elements), view(side.activated))
    switch shape.result {
    case .float: multiply(a, b, into: Matrix(side.floats.pointer, rows: shape.m, columns: shape.n))
    case .plain: multiply(a, b, into: elements, finish: .plain)
    case .bias: multiply(a, b, into: elements, finish: .bias(bias.pointer))
    case .biasGELU: multiply(a, b, into: elements, finish: .biasGELU(bias.pointer, activated: activated))
    case .geluBackward:
      multiply(a, b, into: elements, finish: .geluBackward(hidden: view(side.hidden), activated: activated))
    case .sums:
      let gradient = Matrix(side.floats.pointer, rows: shape.m, columns: shape.n, stride: shape.inputs)
      if quantizesGradient {
        multiplyQuantizing(a, b, into: gradient, sums: side.sums.pointer)
      } else {
        multiply(a, b, into: gradient, sums: side.sums.pointer)
      }
    }
  }

  private func factors(_ side: Side) -> (Factor<Element>, Factor<Element>) {
    if shape.pass == .weightGradient {
      return (
        MatrixView(side.left.pointer, rows: shape.k, columns: shape.m, stride: shape.outputs).transposed,
        MatrixView(right.pointer, rows: shape.k, columns: shape.n, stride: shape.inputs).factor
      )
    }
    let left = MatrixView(side.left.pointer, rows: shape.m, columns: shape.k).factor
    let weight = weight
    return (left, shape.pass == .forward ? weight.transposed : weight)
  }

  private var weight: Factor<Element> {
    if let quantized { return Factor(quantized.weight) }
    let (rows, columns) = (shape.outputs, shape.inputs)
    // The peak is the arithmetic's: its factors are elements.
    let readsFloats = Element.products.pointee.roundsFactors && shape != .peak
    return readsFloats
      ? Factor(rounding: Matrix(weights.pointer, rows: rows, columns: columns))
      : MatrixView(right.pointer, rows: rows, columns: columns).factor
  }

  private static func quantized(
    _ weights: AlignedBuffer<Float>, _ shape: GEMMShape
  ) -> (weight: QuantizedWeight, memory: [AlignedBuffer<Float>]) {
    var memory: [AlignedBuffer<Float>] = []
    let weight = QuantizedWeight(outputs: shape.outputs, inputs: shape.inputs) { floats in
      memory.append(AlignedBuffer(count: floats))
      return memory[memory.count - 1].pointer
    }
    weight.pack(
      Matrix(weights.pointer, rows: shape.outputs, columns: shape.inputs),
      for: shape.pass == .forward ? .forward : .backward, part: 0, of: 1)
    return (weight, memory)
  }

  /// Numbers that are neither zero nor denormal.
  private static func filled<Value: MatrixElement>(_ count: Int) -> AlignedBuffer<Value> {
    let values = (0..<count).map { Float($0 % 13) * 0.125 - 0.75 }
    let buffer = AlignedBuffer<Value>(count: count)
    Value.convert(values, into: buffer.pointer, count: count)
    return buffer
  }
}

extension Precision {
  /// GFLOP/s of a product over all workers, measured `count` times; see ``GEMMProbe/gflops(count:)``.
  func gflops(_ shape: GEMMShape, pool: WorkerPool, count: Int) -> [Double] {
    switch element {
    case .float: GEMMProbe<Float>(shape, pool: pool, quantization).gflops(count: count)
    case .bfloat16: GEMMProbe<BFloat16>(shape, pool: pool, quantization).gflops(count: count)
    }
  }
}
