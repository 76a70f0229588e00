import Collectives
import CroCoModel
import Runtime

/// What the ranks exchange in a step: sums of gradients, then, where each updates what it owns, the new values. After the
/// computation, or while it goes on.
final class StepExchange {
  /// The micro-batches of this rank, counted over the whole step.
  var microBatches: Range<Int> { sum.microBatches }
  /// Which parameters each rank updates; nil where every rank updates all.
  let ownership: Ownership?

  private let sum: GradientSum
  /// The micro-batches of every rank.
  private let shares: [Range<Int>]
  private let gather: SliceGather?
  private let background: BackgroundExchange?
  private let arrival: Arrival
  private let communicator: any Communicator
  private var trial: OverlapTrial
  /// Whether the step under way exchanges while it computes.
  private var overlaps = false
  private var news: String?

  /// Plans the exchange of `parameters`.
  ///
  /// - Throws: `Failure` of kind `configuration` where there are more ranks than micro-batches, or of kind `inputOutput` where
  ///   communication fails.
  init(
    _ configuration: TrainingConfiguration, _ parameters: ParameterStore, groups: HostGroups, pool: WorkerPool
  ) throws(Failure) {
    let (compute, count) = (configuration.compute, configuration.batch.microBatchCount)
    communicator = groups.communicator
    shares = try groups.layout.shares(of: count)
    arrival = parameters.arrival
    let length = try BucketLength.choose(for: parameters, compute, groups, pool)
    let ownership = Ownership(
      count: parameters.count, layout: groups.layout, unit: GradientNorm.blockLength, bucketLength: length)
    sum = try GradientSum(
      of: parameters.gradients, ownership: ownership, microBatchCount: count, reduction: compute.reduction,
      wire: compute.gradientWire, groups: groups, workers: pool)
    let isSharded = compute.shardOptimizer && communicator.size > 1
    self.ownership = isSharded ? ownership : nil
    gather = isSharded ? SliceGather(of: parameters.values, ownership: ownership, groups: groups) : nil
    let obstacle = Self.obstacle(to: compute, communicator)
    background =
      compute.overlap == .off || communicator.size == 1 || obstacle != nil
      ? nil : BackgroundExchange(sum, toAll: !isSharded)
    trial = OverlapTrial(background == nil ? .off : compute.overlap)
    if let obstacle, compute.overlap == .on { news = obstacle }
  }

  /// Completes what this rank has computed by what the others have: the losses of their micro-batches, and the pairs that they
  /// replaced.
  func gatherResults(of share: inout StepShare) throws(Failure) {
    // As many values as there are, not as many from each rank: a rank's losses, and its replaced pairs at their end.
    let results = AlignedBuffer<Double>(count: share.losses.count + shares.count)
    let slices = BufferSlices(results, counts: shares.map { $0.count + 1 })
    let own = slices.ranges[communicator.rank]
    for (place, microBatch) in zip(own, microBatches) { results.pointer[place] = share.losses[microBatch] }
    results.pointer[own.upperBound - 1] = share.replacedPairs
    try communicator.gather(slices)
    share.replacedPairs = 0
    for (range, microBatches) in zip(slices.ranges, shares) {
      for (place, microBatch) in zip(range, microBatches) { share.losses[microBatch] = results.pointer[place] }
      share.replacedPairs += results.pointer[range.upperBound - 1]
    }
  }

  /// What keeps the exchange from going on beside the computation.
  private static func obstacle(to compute: ComputeConfiguration, _ communicator: any Communicator) -> String? {
    guard communicator.size > 1 else { return nil }
    if compute.reduction == .mpi { return "compute.overlap has no effect with compute.reduction mpi." }
    if !communicator.mayCallFromAnyThread {
      return
        "This MPI library does not let threads take turns (MPI_THREAD_SERIALIZED): nothing overlaps with the exchange."
    }
    return nil
  }

  /// Steps until it is settled whether to overlap.
  var settlingSteps: Int { trial.isDecided ? 0 : OverlapTrial.length }

  /// Something to say of the exchange, once.
  func takeNews() -> String? {
    defer { news = nil }
    return news
  }

  /// Whether a rank has raised what ends the step before its time; any thread may ask.
  var isCalledOff: @Sendable () -> Bool {
    guard overlaps, let cancellation = background?.cancellation else { return { false } }
    return { cancellation.isRaised }
  }

  /// Notes that this rank's last pass begins.
  ///
  /// - Parameter raised: what ranks raise meanwhile; nobody else uses it before ``meet(isWhole:)``.
  func beginLastPass(_ raised: RaisedFlags) throws(Failure) {
    overlaps = trial.overlaps
    guard overlaps, let background else { return }
    try raised.commit(0)
    background.begin(after: raised, unless: StepFlags.interruptions.union(.unfinished).rawValue)
  }

  /// Notes that gradients of the last pass are complete.
  func finished(_ range: Range<Int>) { sum.finished(range) }

  /// Takes the gradients of this rank's next micro-batch.
  func accumulate() { sum.accumulate() }

  /// Waits for what goes on beside the computation.
  ///
  /// - Parameter isWhole: whether this rank has computed its share.
  func meet(isWhole: Bool) throws(Failure) { try background?.finish(isWhole: isWhole) }

  /// Leaves the sums in the gradients: all of them, or those that this rank owns.
  func sumGradients() throws(Failure) {
    if overlaps, let background {
      background.beginNextStep()
    } else if ownership == nil {
      try sum.sumToAll()
    } else {
      try sum.sumToOwners()
    }
  }

  /// Gives all ranks what each has updated, or begins to.
  func gatherValues() throws(Failure) {
    guard let gather else { return }
    guard overlaps, let background else { return try gather.run() }
    let arrival = arrival
    arrival.begin()
    background.startGather(gather) { arrival.advance(to: $0) }
  }

  /// Learns from the time of a step whether to overlap; collective where the ranks are to decide.
  func note(milliseconds: Double) throws(Failure) {
    trial.note(milliseconds)
    guard let pair = trial.measured else { return }
    var times = [pair.apart, pair.together]
    try communicator.sumInRankOrder(&times)
    let ranks = Double(communicator.size)
    news = trial.decide(apart: times[0] / ranks, together: times[1] / ranks)
    guard trial.overlaps, let background else { return }
    let steps = Double(OverlapTrial.length - OverlapTrial.changeover)
    news! += String(
      format: " The thread for it takes %.2f s a step from one of the cores that compute.",
      background.processorSeconds / steps)
  }
}
