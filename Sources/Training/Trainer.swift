import Collectives
import CroCoModel
import Kernels
import PairData
import Runtime
import Storage

/// Where a trainer's micro-batches come from: this rank's share of each step, in order, step after step.
package protocol BatchSource {
  /// The next micro-batch; valid as long as it is held.
  ///
  /// - Throws: a `Failure` that names the pair that cannot be used.
  func next() throws(Failure) -> PairBatch
}

extension PairLoader: BatchSource {}

/// One rank's replica of the network with its share of the optimiser, and the training step. Everything else serves
/// ``step(_:)``.
///
/// What a step computes is a function of the configuration and of the number of completed steps: not of ranks, threads
/// or interruptions.
package final class Trainer {
  /// What is trained, and how.
  package let configuration: TrainingConfiguration
  /// The parameters, the same on every rank after each step. Of their gradients a rank may have only what it owns.
  package var parameters: ParameterStore {
    // Values of the last update may be on their way.
    store.arrival.wait(for: store.count)
    return store
  }
  /// The network, for as many pairs as a pass has.
  package let network: CroCoNet
  /// What is minimised.
  package let objective: any Objective
  /// The optimiser with its moments.
  package let optimizer: AdamW
  /// The learning rate of every step.
  package let schedule: LearningRateSchedule
  /// The ranks.
  package let communicator: any Communicator
  /// Steps that are completed.
  package private(set) var completedSteps = 0

  /// The threads of this rank.
  let pool: WorkerPool
  private let store: ParameterStore
  private let exchange: StepExchange
  private let gradientNorm: GradientNorm
  private let frozen: FrozenParameters
  private let batches: any BatchSource
  private var hasDroppedStep = false

  /// Builds the network with its initial values and everything that a step needs.
  ///
  /// - Parameters:
  ///   - batches: gives this rank's micro-batches, from the first step that will be made.
  ///   - stepsPerEpoch: samples of the data set over those of a global batch.
  /// - Throws: `Failure` of kind `configuration`, the same on every rank.
  package init(
    _ configuration: TrainingConfiguration, stepsPerEpoch: Double, batches: any BatchSource,
    groups: HostGroups, pool: WorkerPool
  ) throws(Failure) {
    let (model, batchSize, slabs) = (configuration.model, configuration.passSize, configuration.compute.slabs)
    self.configuration = configuration
    self.batches = batches
    self.pool = pool
    communicator = groups.communicator
    try communicator.together { try configuration.compute.precision.require() }
    schedule = try LearningRateSchedule(
      configuration.schedule, configuration.optimizer, globalBatchSize: configuration.batch.globalBatchSize,
      stepsPerEpoch: stepsPerEpoch)
    store = CroCoNet.makeParameters(model)
    store.initialize(seed: configuration.seed, pool: pool)
    network = CroCoNet(
      model, batchSize: batchSize, slabCount: slabs, parameters: store, pool: pool,
      precision: configuration.compute.precision, activations: configuration.compute.activationCheckpointing.policy)
    objective = configuration.loss.makeObjective(model, batchSize: batchSize, slabCount: slabs, pool: pool)
    exchange = try StepExchange(configuration, store, groups: groups, pool: pool)
    let ownership = exchange.ownership
    frozen = try FrozenParameters(configuration.initialWeights.frozen, of: store)
    optimizer = AdamW(
      configuration.optimizer, parameters: store, owned: ownership?.ranges(of: communicator.rank), frozen: frozen,
      pool: pool)
    gradientNorm = GradientNorm(store, ownership: ownership, communicator: communicator, pool: pool)
  }

  /// Which parameters each rank updates; nil where every rank updates all.
  var ownership: Ownership? { exchange.ownership }

  /// Steps after which a trainer has settled how it exchanges: none of one rank.
  package var settlingSteps: Int { exchange.settlingSteps }

  /// Something that the log should say of the exchange, once.
  func takeNews() -> String? { exchange.takeNews() }

  /// Trains on one global batch: load, forward, loss, backward, agree, reduce, clip, update, gather.
  ///
  /// Where a rank has something that ends the step before its time (``StepHooks/interruptions``), the ranks that hear of it
  /// stop computing, and all drop the step: no parameter has changed then, and the trainer makes no further step, since its
  /// batches are gone.
  ///
  /// - Returns: what the step did, with the flags that the ranks agreed on; no report where the step was dropped.
  /// - Throws: the same `Failure` on every rank, and before the update: a batch that cannot be used, a loss or gradient
  ///   that is not finite. Or broken communication, at any time: the run must end.
  package func step(_ hooks: StepHooks) throws(Failure) -> (report: StepReport?, flags: StepFlags) {
    precondition(!hasDroppedStep, "the batches of step \(completedSteps + 1) are gone")
    var clock = StepClock(didEnter: hooks.stage)
    var share = computeShare(hooks, &clock)
    let flags = try clock.measure(.reduce) { () throws(Failure) in
      try exchange.meet(isWhole: share.isFinished)
      return try agree(on: &share, hooks.concerns())
    }
    guard !flags.contains(.unfinished) else {
      hasDroppedStep = true
      return (nil, flags)
    }
    try clock.measure(.reduce) { () throws(Failure) in try exchange.sumGradients() }
    frozen.clearGradients(of: store, owned: ownership?.ranges(of: communicator.rank) ?? [0..<store.count])
    let rate = schedule.rate(atStep: completedSteps)
    let norm = try clock.measure(.optimizer) { () throws(Failure) in
      let norm = try gradientNorm.value()
      try checkFinite(norm, "gradient norm")
      optimizer.update(
        step: completedSteps + 1, learningRate: rate, gradientScale: optimizer.clippingFactor(norm: norm))
      return norm
    }
    try clock.measure(.reduce) { () throws(Failure) in try exchange.gatherValues() }
    completedSteps += 1
    try exchange.note(milliseconds: clock.elapsed)
    return (report(clock, share, norm: norm, rate: rate), flags)
  }

  /// A step that nothing interrupts.
  ///
  /// - Throws: as ``step(_:)``.
  package func step() throws(Failure) -> StepReport {
    guard let report = try step(StepHooks()).report else {
      preconditionFailure("a step was dropped that nobody asked to")
    }
    return report
  }

  /// This rank's micro-batches of a step, or as many as are done when a rank raises what ends the step before its time.
  private func computeShare(_ hooks: StepHooks, _ clock: inout StepClock) -> StepShare {
    let passes = configuration.compute.passes
    let count = configuration.batch.microBatchCount
    // All ranks have the rounds of those with the most micro-batches.
    let rounds = (count + communicator.size - 1) / communicator.size * passes
    var share = StepShare(
      losses: [Double](repeating: 0, count: count), raised: RaisedFlags(communicator, rounds: rounds))
    var progress = StepProgress(
      step: completedSteps + 1, microBatches: exchange.microBatches.count, passesPerMicroBatch: passes)
    hooks.progress(progress)
    do throws(Failure) {
      for microBatch in exchange.microBatches {
        let batch = try clock.measure(.data) { () throws(Failure) in try batches.next() }
        share.replacedPairs += Double(batch.replacedCount)
        for (index, part) in batch.parts(passes).enumerated() {
          let heard = StepFlags(rawValue: try share.raised.tell(hooks.interruptions().rawValue))
          guard heard.isDisjoint(with: .interruptions) else { return share }
          let isLast = progress.passes + 1 == progress.passCount
          if isLast { try exchange.beginLastPass(share.raised) }
          guard let loss = differentiate(part, adding: index > 0, isLast: isLast, unless: hooks.isCalledOff, &clock)
          else { return share }
          share.losses[microBatch] += loss / Double(passes)
          progress.advance()
          hooks.progress(progress)
        }
        clock.measure(.reduce) { exchange.accumulate() }
      }
      share.isFinished = true
    } catch {
      share.failure = error
    }
    return share
  }

  /// The mean loss of a pass; its gradients, over all passes of the step, are in the gradient buffer then, or are added
  /// to what is there. Nil where the pass was called off.
  ///
  /// The last pass of this rank tells the sum which gradients are complete, as backward comes to their end.
  private func differentiate(
    _ part: PairBatch.Part, adding: Bool, isLast: Bool, unless isCalledOff: @escaping @Sendable () -> Bool,
    _ clock: inout StepClock
  ) -> Double? {
    let input = NetworkInput(part)
    var loss = 0.0
    let isCancelled = exchange.isCalledOff
    let isOver = { @Sendable in isCalledOff() || isCancelled() }
    let isWhole = pool.run(unless: isOver) {
      clock.measure(.forward) { loss = network.loss(of: input, by: objective) }
      clock.measure(.backward) {
        let scale = 1 / Double(configuration.batch.microBatchCount * configuration.compute.passes)
        network.backward(from: objective, for: input, scale: scale, adding: adding) { range in
          if isLast { exchange.finished(range) }
        }
      }
    }
    return isWhole ? loss : nil
  }

  /// The mean loss of a micro-batch, without training on it; nil where that was called off.
  func loss(of batch: PairBatch, unless isCalledOff: @escaping @Sendable () -> Bool) -> Double? {
    let passes = batch.parts(configuration.compute.passes)
    var loss = 0.0
    // Every pair has the same number of masked patches, so the mean over passes is that over pairs.
    let isWhole = pool.run(unless: isCalledOff) {
      for part in passes { loss += network.loss(of: NetworkInput(part), by: objective) / Double(passes.count) }
    }
    return isWhole ? loss : nil
  }

  /// Shares flags, failures and losses before anything is reduced, so that all ranks go on, stop or fail together.
  private func agree(on share: inout StepShare, _ concerns: Concerns) throws(Failure) -> StepFlags {
    let concerns = concerns.adding(share.failure)
    let own = share.isFinished ? concerns.flags : concerns.flags.union(.unfinished)
    let flags = StepFlags(rawValue: try share.raised.finish(own.rawValue))
    if flags.contains(.failure) { try communicator.agree(on: concerns.failure) }
    guard !flags.contains(.unfinished) else { return flags }
    try exchange.gatherResults(of: &share)
    for (microBatch, loss) in share.losses.enumerated() { try checkFinite(loss, "loss of micro-batch \(microBatch)") }
    return flags
  }

  private func checkFinite(_ value: Double, _ name: String) throws(Failure) {
    guard !value.isFinite else { return }
    throw Failure(
      .internalError, "The \(name) of step \(completedSteps + 1) is \(value); all ranks stop before the update.",
      hint: "Lower the learning rate or set optimizer.clip_grad, and start again from the last checkpoint.")
  }

  private func report(_ clock: StepClock, _ share: StepShare, norm: Double, rate: Double) -> StepReport {
    let milliseconds = clock.elapsed
    var report = StepReport(
      step: completedSteps, epoch: Double(completedSteps) / schedule.stepsPerEpoch,
      loss: share.losses.reduce(0, +) / Double(share.losses.count), microBatchLosses: share.losses, gradientNorm: norm,
      learningRate: rate, milliseconds: milliseconds, stages: clock.stages,
      pairsPerSecond: Double(configuration.batch.globalBatchSize) / (milliseconds / 1000))
    report.replacedPairs = Int(share.replacedPairs)
    return report
  }

  /// Goes on after `step` steps; collective.
  ///
  /// - Parameter checkpoint: rank 0's, from which all ranks get values and moments; nil elsewhere, and for a new run.
  /// - Throws: `Failure` of kind `badData` that names the tensors that do not fit, the same on every rank.
  package func restore(_ checkpoint: Checkpoint?, step: Int) throws(Failure) {
    let moments = try communicator.together { () throws -> Moments? in
      guard let checkpoint else { return nil }
      let moments = wholeMoments
      try checkpoint.restore(parameters, moments, buffers: CroCoNet.buffers(configuration.model))
      return moments
    }
    completedSteps = step
    try communicator.broadcast(UnsafeMutableRawBufferPointer(parameters.values.elements), from: 0)
    if step > 0 { try distributeMoments(from: moments) } else { optimizer.beginAverage() }
  }

  /// Fails on every rank if one of them holds other parameters than rank 0.
  ///
  /// With a sharded optimiser all ranks have a parameter from the one that updates it: a wrong update goes unnoticed, and
  /// only what is spoilt on the way or later is found. Without, every update is compared.
  ///
  /// - Throws: `Failure` of kind `internalError` that names rank and host.
  package func compareParameters() throws(Failure) {
    guard communicator.size > 1 else { return }
    let digest = FileDigest(of: UnsafeRawBufferPointer(parameters.values.elements)).description
    let all = try communicator.gatherBytes(Array("\(digest) \(communicator.hostName)".utf8))
    let texts = all.map { String(decoding: $0, as: UTF8.self) }
    guard let odd = texts.firstIndex(where: { $0.prefix(16) != texts[0].prefix(16) }) else { return }
    throw Failure(
      .internalError,
      "After step \(completedSteps) rank \(odd) (\(texts[odd].dropFirst(17))) holds other parameters than rank 0 "
        + "(\(texts[0].dropFirst(17))).",
      hint: "Start again from the last checkpoint; a host with bad memory or another build of croco may be the cause.")
  }
}
