import CroCoModel
import PairData
import Runtime
import Testing
import Training

/// The bridge from batches to networks.
@Suite struct NetworkInputTests {
  @Test("A network's input holds the batch that it is a part of")
  func lifetime() {
    weak var batch: PairBatch?
    func part() -> NetworkInput {
      let made = PairBatch(count: 4, height: 8, width: 16, patchCount: 2)
      made.view2.pointer[2 * 3 * 8 * 16] = 7
      made.mask.pointer[2 * 2] = 1
      batch = made
      return NetworkInput(made.parts(2)[1])
    }
    withExtendedLifetime(part()) { input in
      #expect(batch != nil)
      #expect(input.view1.rows == 2 && input.view1.columns == 3 * 8 * 16)
      #expect(input.view2.pointer[0] == 7 && input.mask.pointer[0] == 1)
    }
    #expect(batch == nil)
  }

  @Test("A network lets go of its input after each pass, so that loaders can use a batch's memory again")
  func release() {
    weak var batch: PairBatch?
    var model = ModelConfiguration()
    (model.imageHeight, model.imageWidth, model.patchSize) = (16, 16, 8)
    (model.encoderDepth, model.decoderDepth) = (1, 1)
    let pool = WorkerPool(workerCount: 1)
    let network = CroCoNet(
      model, batchSize: 1, slabCount: 1, parameters: CroCoNet.makeParameters(model), pool: pool)
    let objective = LossConfiguration().makeObjective(model, batchSize: 1, slabCount: 1, pool: pool)
    func step() {
      let made = PairBatch(count: 1, height: 16, width: 16, patchCount: model.patchCount)
      for patch in 0..<model.maskedCount { made.mask.pointer[patch] = 1 }
      batch = made
      let input = NetworkInput(made.whole)
      _ = network.loss(of: input, by: objective)
      network.backward(from: objective, for: input, scale: 1)
    }
    step()
    #expect(batch == nil)
    withExtendedLifetime(network) {}
  }
}
