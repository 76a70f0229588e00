import CroCoModel
import Runtime

/// The network under test, reached through what these tests need of it: they call it nowhere else.
struct FastNetwork {
  let configuration: ModelConfiguration
  let store: ParameterStore

  /// A network with random parameters, none of which is 0 or 1 as initial ones are.
  init(_ configuration: ModelConfiguration, _ numbers: inout ExampleNumbers) {
    self.configuration = configuration
    store = CroCoNet.makeParameters(configuration)
    for parameter in store.parameters {
      let fans = parameter.shape[0] + parameter.range.count / parameter.shape[0]
      let isNormWeight = parameter.name.contains("norm") && parameter.name.hasSuffix(".weight")
      let bound = parameter.shape.count > 1 ? (6 / Float(fans)).squareRoot() : 0.3
      for place in parameter.range {
        store.values.pointer[place] = (isNormWeight ? 1 : 0) + numbers.next(within: bound)
      }
    }
  }

  /// A network with the parameters of a reference case.
  init(_ configuration: ModelConfiguration, _ reference: ReferenceCase, prefix: String) throws {
    self.configuration = configuration
    store = CroCoNet.makeParameters(configuration)
    try reference.load(store, prefix: prefix)
  }

  /// Forward and backward of a batch.
  func step(
    _ batch: ExampleBatch, _ loss: LossConfiguration, precision: Precision = .fp32, slabs: Int = 2
  ) -> StepOutcome {
    let pool = WorkerPool(workerCount: 2)
    let network = CroCoNet(
      configuration, batchSize: batch.size, slabCount: slabs, parameters: store, pool: pool, precision: precision)
    let objective = loss.makeObjective(configuration, batchSize: batch.size, slabCount: slabs, pool: pool)
    let input = ReferenceRun.input(
      ReferenceRun.buffer(batch.view1), ReferenceRun.buffer(batch.view2), ReferenceRun.buffer(batch.mask), batch.size)
    let recorder = TensorRecorder()
    network.recorder = recorder

    var outcome = StepOutcome()
    outcome.loss = network.loss(of: input, by: objective)
    network.backward(from: objective, for: input, scale: 1)
    let images = network.imageGradients()
    outcome.tensors["grad_input.img1"] = images.view1.map { Double($0) }
    outcome.tensors["grad_input.img2"] = images.view2.map { Double($0) }
    for tensor in recorder.tensors { outcome.tensors[tensor.name] = tensor.values.map { Double($0) } }
    for parameter in store.parameters {
      outcome.tensors["grad." + parameter.name] = store.gradients.elements[parameter.range].map { Double($0) }
    }
    return outcome
  }
}
