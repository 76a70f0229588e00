import Foundation
import Runtime

/// The batches in preparation: hands out samples to fill, in order, and full batches, in order.
///
/// A ring of batches: all but one are being prepared or ready while that one is in use. A batch that somebody
/// still holds when its turn comes is left to them and replaced. All state is guarded by `condition`.
final class BatchRing: @unchecked Sendable {
  /// One sample to fill.
  struct Claim {
    /// The batch, counted from the first.
    let batch: Int
    /// The sample within the batch.
    let row: Int
    /// Its memory; the ring keeps it alive until the claim is settled.
    let target: SampleTarget
  }

  private struct Slot {
    var batch: PairBatch
    /// Which batch the slot holds, counted from the first; -1 before any.
    var ordinal = -1
    /// Samples that are not yet settled.
    var unsettled = 0
    /// Samples that stand in for pairs that could not be used.
    var replaced = 0
    /// The failure of the first sample that failed.
    var failure: (row: Int, failure: Failure)?
  }

  private let condition = NSCondition()
  private let makeBatch: () -> PairBatch
  private let batchSize: Int
  private let depth: Int
  private var slots: [Slot]
  private var claimedBatch = 0
  private var claimedRow = 0
  private var delivered = 0
  private var firstFailedBatch = Int.max
  private var isStopped = false
  private var isReadAhead = false
  private var activeThreads = 0

  init(length: Int, batchSize: Int, makeBatch: @escaping () -> PairBatch) {
    depth = length - 1
    self.batchSize = batchSize
    self.makeBatch = makeBatch
    slots = (0..<length).map { _ in Slot(batch: makeBatch()) }
  }

  /// The next sample to fill. Where no batch is free it waits if `waits`, else it returns nil, as when the ring was stopped.
  func claim(waits: Bool) -> Claim? {
    condition.lock()
    defer { condition.unlock() }
    // After a failure the batch in question is completed, so that its first failing sample is known; no other is begun.
    while !isStopped && (claimedBatch >= delivered + depth || claimedBatch > firstFailedBatch) {
      guard waits else { return nil }
      condition.wait()
    }
    if isStopped { return nil }
    let slot = claimedBatch % slots.count
    if claimedRow == 0 {
      if !isKnownUniquelyReferenced(&slots[slot].batch) { slots[slot].batch = makeBatch() }
      slots[slot].ordinal = claimedBatch
      slots[slot].unsettled = batchSize
      slots[slot].replaced = 0
      slots[slot].failure = nil
    }
    let claim = Claim(batch: claimedBatch, row: claimedRow, target: slots[slot].batch.target(row: claimedRow))
    claimedRow += 1
    if claimedRow == batchSize {
      (claimedBatch, claimedRow) = (claimedBatch + 1, 0)
      if isReadAhead { condition.broadcast() }
    }
    return claim
  }

  /// The first batch from `batch` on whose samples are not yet claimed, once it is at most `window` batches away from
  /// those that are; nil when the ring was stopped.
  func unclaimed(from batch: Int, window: Int) -> Int? {
    condition.lock()
    defer { condition.unlock() }
    isReadAhead = true
    while !isStopped && batch >= claimedBatch + window { condition.wait() }
    return isStopped ? nil : max(batch, claimedBatch + (claimedRow > 0 ? 1 : 0))
  }

  /// Reports that a claimed sample is filled, with its own pair or another, or why it cannot be.
  func settle(_ claim: Claim, isReplaced: Bool = false, failure: Failure? = nil) {
    condition.lock()
    defer { condition.unlock() }
    let slot = claim.batch % slots.count
    if isReplaced { slots[slot].replaced += 1 }
    if let failure {
      if claim.row < slots[slot].failure?.row ?? Int.max { slots[slot].failure = (claim.row, failure) }
      firstFailedBatch = min(firstFailedBatch, claim.batch)
    }
    slots[slot].unsettled -= 1
    if slots[slot].unsettled == 0 { condition.broadcast() }
  }

  /// The next batch in order; waits until it is full.
  ///
  /// - Throws: the failure of its first failing sample, again at every later call; `internalError` after `stop`.
  func next() throws(Failure) -> PairBatch {
    condition.lock()
    defer { condition.unlock() }
    let slot = delivered % slots.count
    while !isStopped && (slots[slot].ordinal != delivered || slots[slot].unsettled > 0) { condition.wait() }
    if isStopped { throw Failure(.internalError, "A batch was asked of a loader that had been stopped.") }
    if let failure = slots[slot].failure { throw failure.failure }
    delivered += 1
    condition.broadcast()
    slots[slot].batch.replacedCount = slots[slot].replaced
    return slots[slot].batch
  }

  /// Counts a thread that will claim samples; before it starts.
  func threadWillStart() {
    condition.lock()
    activeThreads += 1
    condition.unlock()
  }

  /// Says that a thread will claim no further sample; its last act.
  func threadDidEnd() {
    condition.lock()
    activeThreads -= 1
    condition.broadcast()
    condition.unlock()
  }

  /// Wakes everybody and returns when the last thread has settled what it had claimed. May be called twice.
  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    while activeThreads > 0 { condition.wait() }
    condition.unlock()
  }
}
