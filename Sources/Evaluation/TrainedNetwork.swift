import CroCoModel
import PairData
import Runtime

/// A network as evaluations use it: its sizes, what it was trained for, and its parameters, which may still be in training.
package struct TrainedNetwork {
  /// The network's sizes.
  package let configuration: ModelConfiguration
  /// The training objective.
  package let loss: LossConfiguration
  /// The network's parameters.
  package let parameters: ParameterStore

  /// Names the parts; nothing is copied.
  package init(_ configuration: ModelConfiguration, _ loss: LossConfiguration, _ parameters: ParameterStore) {
    self.configuration = configuration
    self.loss = loss
    self.parameters = parameters
  }
}

/// Runs a network forward, for batches of one size; in fp32, whatever the precision of its training.
final class NetworkEvaluator {
  /// The pairs of a batch, B.
  let batchSize: Int

  private let network: CroCoNet
  private let objective: any Objective

  init(_ trained: TrainedNetwork, batchSize: Int, slabCount: Int, pool: WorkerPool) {
    self.batchSize = batchSize
    network = CroCoNet(
      trained.configuration, batchSize: batchSize, slabCount: slabCount, parameters: trained.parameters, pool: pool,
      activations: .discard)
    objective = trained.loss.makeObjective(
      trained.configuration, batchSize: batchSize, slabCount: slabCount, pool: pool)
  }

  /// The prediction for a batch: [B * N, P], overwritten by the next call.
  func predict(_ batch: PairBatch) -> UnsafeMutableBufferPointer<Float> {
    network.forward(NetworkInput(batch.whole))
    return network.prediction.elements
  }

  /// The mean loss of a batch.
  func loss(of batch: PairBatch) -> Double { network.loss(of: NetworkInput(batch.whole), by: objective) }
}
