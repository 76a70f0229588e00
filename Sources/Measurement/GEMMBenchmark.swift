import Collectives
import CroCoModel
import Kernels
import Runtime
import Training

/// The speed of the matrix products that a network's blocks are made of, as croco cuts them.
package struct GEMMBenchmark: Sendable, Equatable, Encodable {
  /// One product at one number of threads.
  package struct Entry: Sendable, Equatable, Encodable {
    /// The product of one thread.
    package let shape: GEMMShape
    /// Threads that run it at once.
    package let threads: Int
    /// GFLOP/s over all threads.
    package let gflops: BenchmarkFigures
  }

  /// Where it was measured.
  package let machine: BenchmarkMachine
  /// "fp32" or "bf16".
  package let precision: String
  /// Pairs of a micro-batch.
  package let batchSize: Int
  /// Slabs of a micro-batch.
  package let slabs: Int
  /// All products with 1, 2, 4, ... threads, first ``GEMMShape/peak``, which stands for the machine.
  package let entries: [Entry]

  /// Measures the products of one encoder and one decoder block, without MPI.
  ///
  /// - Parameter repetitions: of each product, some 10 ms each.
  /// - Throws: `Failure` of kind `configuration` where bf16 is asked for and not possible.
  package init(_ configuration: TrainingConfiguration, repetitions: Int = 5) throws(Failure) {
    precondition(repetitions > 0, "\(repetitions) repetitions measure nothing")
    let slabs = min(configuration.compute.slabs, configuration.batch.microBatchSize)
    let machine = try BenchmarkMachine(
      threads: configuration.compute.threads, slabs: slabs, communicator: SingleProcessCommunicator())
    let precision = configuration.compute.precision
    if precision == .bf16 { try MatrixProducts.requireBFloat16() }
    self.machine = machine
    self.precision = precision.rawValue
    self.slabs = slabs
    batchSize = configuration.batch.microBatchSize
    let shapes = [.peak] + Self.shapes(configuration.model, batchSize: batchSize, slabs: slabs)
    var counts = Array(sequence(first: 1) { $0 * 2 < machine.threads ? $0 * 2 : nil })
    if machine.threads > 1 { counts.append(machine.threads) }
    entries = counts.flatMap { threads in
      let pool = WorkerPool(workerCount: threads)
      return shapes.map { shape in
        Entry(
          shape: shape, threads: threads,
          gflops: BenchmarkFigures(rates: precision.gflops(shape, pool: pool, count: repetitions)))
      }
    }
  }

  /// The products of a slab (forward, dX) and of a part of the weights (dW).
  static func shapes(_ model: ModelConfiguration, batchSize: Int, slabs: Int) -> [GEMMShape] {
    let samples = (batchSize + slabs - 1) / slabs
    func stack(_ name: String, tokens: Int, layers: [(String, inputs: Int, outputs: Int)])
      -> [GEMMShape]
    {
      layers.flatMap { layer, inputs, outputs in
        let (rows, name) = (samples * tokens, "\(name).\(layer)")
        let part = min(outputs, ((outputs + slabs - 1) / slabs + 15) / 16 * 16)
        return [
          GEMMShape(layer: name, pass: .forward, m: rows, n: outputs, k: inputs),
          GEMMShape(layer: name, pass: .inputGradient, m: rows, n: inputs, k: outputs),
          GEMMShape(layer: name, pass: .weightGradient, m: part, n: inputs, k: batchSize * tokens),
        ]
      }
    }
    func layers(_ width: Int) -> [(String, inputs: Int, outputs: Int)] {
      let hidden = model.mlpRatio * width
      return [("qkv", width, 3 * width), ("proj", width, width), ("fc1", width, hidden), ("fc2", hidden, width)]
    }
    let (encoder, decoder) = (model.encoderDimension, model.decoderDimension)
    return stack(
      "encoder", tokens: model.visibleCount + model.patchCount, layers: layers(encoder))
      + stack(
        "decoder", tokens: model.patchCount,
        layers: layers(decoder) + [("cross_kv", decoder, 2 * decoder)])
  }
}
