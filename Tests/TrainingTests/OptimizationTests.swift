import Collectives
import CroCoModel
import Foundation
import Runtime
import TestSupport
import Testing
import Training

@Suite struct OptimizationTests {
  /// AdamW written out in double precision, one element at a time: the oracle of the kernel.
  private struct Oracle {
    var value: Double, first = 0.0, second = 0.0

    mutating func update(gradient: Double, step: Int, rate: Double, decay: Double) {
      value *= 1 - rate * decay
      first = 0.9 * first + 0.1 * gradient
      second = 0.95 * second + 0.05 * gradient * gradient
      let corrected = first / (1 - pow(0.9, Double(step)))
      value -= rate * corrected / ((second / (1 - pow(0.95, Double(step)))).squareRoot() + 1e-8)
    }
  }

  private func store(_ seed: UInt64) -> ParameterStore {
    let store = ParameterStore([
      ParameterDeclaration("mask_token", [1, 1, 5], isDecayed: true),
      ParameterDeclaration("a.weight", [300, 301], isDecayed: true), ParameterDeclaration("a.bias", [301]),
    ])
    var random = RandomStream(seed: seed, purpose: .test)
    for index in 0..<store.count { store.values.pointer[index] = random.nextNormal() }
    return store
  }

  private func fillGradients(_ store: ParameterStore, step: Int) {
    var random = RandomStream(seed: 5, purpose: .test, index: step)
    for index in 0..<store.count { store.gradients.pointer[index] = 0.01 * random.nextNormal() }
  }

  private func norm(of store: ParameterStore, workers: Int = 1) throws -> Double {
    try GradientNorm(
      store, ownership: nil, communicator: SingleProcessCommunicator(), pool: WorkerPool(workerCount: workers)
    ).value()
  }

  @Test("AdamW equals the formula in double precision over ten steps, with decay where it belongs")
  func matchesOracle() {
    let store = store(1)
    let optimizer = AdamW(OptimizerConfiguration(), parameters: store, pool: WorkerPool(workerCount: 1))
    var oracle = store.values.elements.map { Oracle(value: Double($0)) }
    for step in 1...10 {
      fillGradients(store, step: step)
      let rate = 1e-3 * Double(step)
      for parameter in store.parameters {
        let isDecayed = parameter.name != "a.bias"
        #expect(parameter.isDecayed == isDecayed)
        for index in parameter.range {
          oracle[index].update(
            gradient: 0.5 * Double(store.gradients.pointer[index]), step: step, rate: rate, decay: isDecayed ? 0.05 : 0)
        }
      }
      optimizer.update(step: step, learningRate: rate, gradientScale: 0.5)
    }
    // fp32 rounding of ten updates against double precision.
    #expect(relativeDifference(Array(store.values.elements), oracle.map { Float($0.value) }) < 3e-7)
    #expect(relativeDifference(Array(optimizer.moments.first.elements), oracle.map { Float($0.first) }) < 3e-7)
    #expect(relativeDifference(Array(optimizer.moments.second.elements), oracle.map { Float($0.second) }) < 3e-7)
  }

  @Test("one and three threads give the same bytes")
  func threads() throws {
    let results = try [1, 3].map { workers in
      let store = store(2)
      let optimizer = AdamW(OptimizerConfiguration(), parameters: store, pool: WorkerPool(workerCount: workers))
      var norms: [Double] = []
      for step in 1...3 {
        fillGradients(store, step: step)
        norms.append(try norm(of: store, workers: workers))
        optimizer.update(step: step, learningRate: 1e-3, gradientScale: 1)
      }
      return (Array(store.values.elements), norms)
    }
    #expect(results[0].0 == results[1].0)
    #expect(results[0].1 == results[1].1)
  }

  @Test("what ranks own, updated one by one, gives the bytes of all at once", arguments: [2, 5])
  func ownership(size: Int) {
    let pool = WorkerPool(workerCount: 2)
    let (whole, cut) = (store(6), store(6))
    let ownership = Ownership(
      count: whole.count, layout: RankLayout(size: size), unit: GradientNorm.blockLength, bucketLength: 30_000)
    #expect(ownership.buckets.count == 3)
    let optimizer = AdamW(OptimizerConfiguration(), parameters: whole, pool: pool)
    let parts = (0..<size).map {
      AdamW(OptimizerConfiguration(), parameters: cut, owned: ownership.ranges(of: $0), pool: pool)
    }
    for step in 1...3 {
      for store in [whole, cut] { fillGradients(store, step: step) }
      for optimizer in [optimizer] + parts { optimizer.update(step: step, learningRate: 1e-3, gradientScale: 0.5) }
    }
    #expect(Array(cut.values.elements) == Array(whole.values.elements))
    for (rank, part) in parts.enumerated() {
      let owned = ownership.ranges(of: rank)
      for moment in [\Moments.first, \.second] {
        let all = optimizer.moments[keyPath: moment].elements
        #expect(Array(part.moments[keyPath: moment].elements) == owned.flatMap { Array(all[$0]) })
      }
    }
  }

  @Test("the norm is the Euclidean one, and shows a gradient that is not finite")
  func norm() throws {
    let store = store(3)
    fillGradients(store, step: 1)
    let expected = store.gradients.elements.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(try abs(norm(of: store) / expected - 1) < 1e-13)
    for bad in [Float.nan, .infinity] {
      store.gradients.pointer[store.count - 1] = bad
      #expect(try !norm(of: store).isFinite)
    }
  }

  @Test("clipping multiplies by min(1, clip / (norm + 1e-6))")
  func clipping() {
    var configuration = OptimizerConfiguration()
    let store = store(4)
    let pool = WorkerPool(workerCount: 1)
    #expect(AdamW(configuration, parameters: store, pool: pool).clippingFactor(norm: 10) == 1)
    configuration.gradientClip = 1
    let optimizer = AdamW(configuration, parameters: store, pool: pool)
    #expect(optimizer.clippingFactor(norm: 0.5) == 1)
    #expect(optimizer.clippingFactor(norm: 4) == Float(1 / (4 + 1e-6)))
  }

  @Test("the learning rates equal those of the reference trajectories", arguments: ["plain", "accum2", "clip1"])
  func schedule(variant: String) throws {
    let log = try Trajectory.log(variant)
    var configuration = TrainingConfiguration()
    configuration.optimizer.baseLearningRate = nil
    configuration.optimizer.learningRate = 0.002
    configuration.optimizer.minimumLearningRate = 1e-5
    configuration.schedule.epochs = 5
    configuration.schedule.warmupEpochs = 1
    let accumulation = variant == "accum2" ? 2 : 1
    let schedule = try LearningRateSchedule(
      configuration.schedule, configuration.optimizer, globalBatchSize: configuration.batch.globalBatchSize,
      stepsPerEpoch: 4 / Double(accumulation))
    #expect(schedule.totalSteps == 20 / accumulation)
    #expect(schedule.rate(atStep: 0) == 0)
    for (iteration, rate) in log.rates.enumerated() {
      // The same formula in double precision: rounding of a cosine only.
      #expect(abs(schedule.rate(atStep: iteration / accumulation) - rate) <= 1e-15)
    }
  }

  @Test("base_lr is scaled by the global batch, steps and epochs agree, and the constant schedule stays at its peak")
  func scheduleVariants() throws {
    var configuration = TrainingConfiguration()
    configuration.batch.globalBatchSize = 512
    configuration.schedule.kind = .constant
    configuration.schedule.epochs = nil
    configuration.schedule.totalSteps = 100
    func schedule() throws -> LearningRateSchedule {
      try LearningRateSchedule(
        configuration.schedule, configuration.optimizer, globalBatchSize: configuration.batch.globalBatchSize,
        stepsPerEpoch: 12.5)
    }
    configuration.schedule.kind = .wsd
    configuration.schedule.decayFraction = 0.25
    configuration.optimizer.minimumLearningRate = 0
    let held = try schedule()
    #expect(held.rate(atStep: 74) == held.peak && held.rate(atStep: 100) == 0)
    #expect(abs(held.rate(atStep: 90) / held.peak - 0.4) < 1e-12)
    configuration.schedule.kind = .constant
    let constant = try schedule()
    #expect(constant.peak == 3e-4 && constant.epochs == 8)
    #expect(constant.rate(atStep: 5) == 1.5e-4)
    #expect(constant.rate(atStep: 10) == 3e-4 && constant.rate(atStep: 99) == 3e-4)
    configuration.schedule.warmupEpochs = 8
    #expect(throws: Error.self) { try schedule() }
  }
}
