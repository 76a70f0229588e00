import CroCoModel
import Kernels
import Runtime
import Training

/// How long the matrix products of a network take on this rank, from one measurement of each kind.
struct ProductSpeed {
  /// Operations a second of a rank, over all of its threads.
  let operationsPerSecond: Double

  /// Measures the products of an encoder and a decoder block, cut as in training; about a second.
  init(_ configuration: TrainingConfiguration, pool: WorkerPool) {
    let model = configuration.model
    let division = configuration.division(batchSize: configuration.passSize, workerCount: pool.workerCount)
    let shapes = GEMMBenchmark.shapes(model, division)
    // No more threads have work than there are slabs.
    let busy = WorkerPool(workerCount: min(pool.workerCount, division.slabCount))
    var (operations, seconds) = (0.0, 0.0)
    for shape in shapes {
      let blocks = shape.layer.hasPrefix("encoder") ? model.encoderDepth : model.decoderDepth
      let rate = configuration.compute.precision.gflops(shape, pool: busy, count: 1)[0] * 1e9
      operations += Double(blocks) * shape.operations
      seconds += Double(blocks) * shape.operations / rate
    }
    operationsPerSecond = operations / seconds
  }
}
