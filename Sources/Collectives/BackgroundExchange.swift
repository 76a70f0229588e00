import Runtime
import Synchronization

/// The exchange of a step's gradients and values while backward and the next forward compute, by a thread of its own.
///
/// A step begins its exchange in its last pass (``begin(after:unless:)``), when ranks have promised each other to take part, and
/// waits for its end (``finish(isWhole:)``). The gather of new values (``startGather(_:)``) is waited for element by element.
package final class BackgroundExchange {
  private let sum: GradientSum
  private let toAll: Bool
  private let thread = BackgroundThread()
  /// Whether a rank has raised what ends the step before its time, so that nothing is exchanged.
  package let cancellation = Cancellation()
  private var isUnderWay = false

  /// Starts the thread.
  ///
  /// - Parameter toAll: whether all ranks want all sums.
  package init(_ sum: GradientSum, toAll: Bool) {
    self.sum = sum
    self.toAll = toAll
    MPITurn.shared.set(thread)
  }

  deinit { MPITurn.shared.set(nil) }

  /// Begins to exchange what is ready and will be, once all ranks have come so far, unless one of them has raised one of `flags`.
  ///
  /// - Parameter raised: after its ``RaisedFlags/commit(_:)``; not to be used before ``finish(isWhole:)``.
  package func begin(after raised: RaisedFlags, unless flags: UInt64) {
    isUnderWay = true
    cancellation.isRaised = false
    let (sum, toAll, cancellation) = (sum, toAll, cancellation)
    thread.start { () throws(Failure) in
      var heard: UInt64?
      while heard == nil {
        heard = try raised.heardFromAll()
        if heard == nil { BackgroundThread.rest() }
      }
      guard heard! & flags == 0 else {
        cancellation.isRaised = true
        return
      }
      try sum.sumMeanwhile(toAll: toAll, rest: BackgroundThread.rest)
    }
  }

  /// Waits for the exchange that has begun, if one has.
  ///
  /// - Parameter isWhole: whether this rank's last pass is; else the step will be dropped.
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package func finish(isWhole: Bool) throws(Failure) {
    guard isUnderWay else { return }
    if !isWhole { sum.giveUp() }
    try thread.finish()
    isUnderWay = false
  }

  /// Forgets the sums that the exchange has left in the gradients, once they are used.
  package func beginNextStep() { sum.beginNextStep() }

  /// Begins to gather what the ranks have updated.
  ///
  /// - Parameter arrival: is told up to which element all values are there, from the thread; the last time at the end, also
  ///   where communication fails, which the next call that waits for ranks throws.
  package func startGather(_ gather: SliceGather, arrival: @escaping (Int) -> Void) {
    thread.start { () throws(Failure) in
      defer { arrival(.max) }
      try gather.run(arrival: arrival, rest: BackgroundThread.rest)
    }
  }

  /// Seconds of a core that the thread has used.
  package var processorSeconds: Double { thread.processorSeconds }
}

/// Whether an exchange was cancelled; any thread may ask.
package final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)

  /// Whether it was.
  package fileprivate(set) var isRaised: Bool {
    get { flag.load(ordering: .relaxed) }
    set { flag.store(newValue, ordering: .relaxed) }
  }
}
