import Collectives
import CroCoModel
import Kernels
import Runtime
import Training

/// The speed of the matrix products that a network's blocks are made of, cut, read and finished as in training.
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
  /// "fp32", "bf16" or "int8".
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
  /// - Throws: `Failure` of kind `configuration` where the precision is not possible.
  package init(_ configuration: TrainingConfiguration, repetitions: Int = 5) throws(Failure) {
    precondition(repetitions > 0, "\(repetitions) repetitions measure nothing")
    let machine = try BenchmarkMachine(
      threads: configuration.compute.threads, slabs: configuration.compute.slabs,
      communicator: SingleProcessCommunicator())
    let precision = configuration.compute.precision
    try precision.require()
    self.machine = machine
    self.precision = precision.rawValue
    batchSize = configuration.batch.microBatchSize
    let division = configuration.division(batchSize: batchSize, workerCount: machine.threads)
    slabs = division.slabCount
    let shapes = [.peak] + Self.shapes(configuration.model, division)
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

  /// The products of an encoder block's and a decoder block's linear maps, as training runs them.
  static func shapes(_ model: ModelConfiguration, _ division: BatchDivision) -> [GEMMShape] {
    func shapes(_ stack: String, tokens: Int, _ layers: [GEMMLayer]) -> [GEMMShape] {
      layers.flatMap { $0.shapes(stack, tokens: tokens, division) }
    }
    let encoder = GEMMLayer.block(width: model.encoderDimension, ratio: model.mlpRatio, isDecoder: false)
    let decoder = GEMMLayer.block(width: model.decoderDimension, ratio: model.mlpRatio, isDecoder: true)
    return shapes("encoder", tokens: model.visibleCount + model.patchCount, encoder)
      + shapes("decoder", tokens: model.patchCount, decoder)
  }
}

extension TrainingConfiguration {
  /// How training divides `batchSize` pairs.
  func division(batchSize: Int, workerCount: Int) -> BatchDivision {
    BatchDivision(
      batchSize: batchSize, longestSequence: model.patchCount, slabCount: compute.slabs, workerCount: workerCount,
      joinsSlabs: compute.precision.elementsAreIndependent)
  }
}
