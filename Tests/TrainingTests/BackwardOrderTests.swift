import Collectives
import CroCoModel
import PairData
import RunFixtures
import Runtime
import Testing
import Training

/// The bridge from backward to the exchange of gradients.
@Suite struct BackwardOrderTests {
  @Test("Backward completes buckets one by one while it runs, from the end of the parameters to their start")
  func buckets() throws {
    let configuration = try RunFixture().configuration()
    let (model, pool) = (configuration.model, WorkerPool(workerCount: 1))
    let parameters = CroCoNet.makeParameters(model)
    parameters.initialize(seed: 1, pool: pool)
    let network = CroCoNet(model, batchSize: 2, slabCount: 1, parameters: parameters, pool: pool)
    let objective = configuration.loss.makeObjective(model, batchSize: 2, slabCount: 1, pool: pool)
    let ownership = Ownership(count: parameters.count, layout: RankLayout(size: 1), bucketLength: parameters.count / 12)
    let sum = try GradientSum(
      of: parameters.gradients, ownership: ownership, microBatchCount: 1,
      groups: HostGroups(SingleProcessCommunicator()))

    let batch = PairBatch(
      count: 2, height: model.imageHeight, width: model.imageWidth, patchCount: model.patchCount)
    for pair in 0..<2 {
      for patch in 0..<model.maskedCount { batch.mask.pointer[pair * model.patchCount + patch] = 1 }
    }
    let input = NetworkInput(batch.whole)
    _ = network.loss(of: input, by: objective)
    var ready: [Int] = []
    network.backward(from: objective, for: input, scale: 1) { range in
      sum.finished(range)
      ready.append(sum.readyBucketCount)
      #expect(ready.last == ownership.buckets.count { $0.range.lowerBound >= range.lowerBound }, "after \(range)")
    }
    #expect(Set(ready).count > 5 && ready.last == ownership.buckets.count, "\(ready)")
    sum.accumulate()
    try sum.sumToOwners()
  }
}
