import Runtime

/// Flags that a rank raises for all while each computes its own share, without waiting for one another.
///
/// The share is cut into rounds, as many on every rank. At the beginning of each, ``tell(_:)`` starts a reduction that
/// nobody waits for, and hears of the earlier ones that are complete: flags arrive about a round after they were raised.
/// ``finish(_:)`` is where ranks meet. Ranks that have fewer rounds, or leave early, are made up for there.
package final class RaisedFlags {
  private let communicator: any Communicator
  private var roundsLeft: Int
  private var underWay: [(flags: AlignedBuffer<UInt64>, transfer: any PendingTransfer)] = []
  private var heard: UInt64 = 0

  /// Prepares for `rounds` rounds; the same number on every rank.
  package init(_ communicator: any Communicator, rounds: Int) {
    self.communicator = communicator
    roundsLeft = rounds
  }

  /// Raises `flags`, and gives those that this rank has heard of, its own among them.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package func tell(_ flags: UInt64) throws(Failure) -> UInt64 {
    precondition(roundsLeft > 0, "all rounds have been told")
    try start(flags)
    try listen()
    return heard | flags
  }

  /// Raises `flags` in all rounds that are left: this rank computes to the end now, whatever comes up.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package func commit(_ flags: UInt64) throws(Failure) { while roundsLeft > 0 { try start(flags) } }

  /// What ranks have raised, the same on all, as soon as each has told all its rounds; nil before. After ``commit(_:)``.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  func heardFromAll() throws(Failure) -> UInt64? {
    precondition(roundsLeft == 0, "this rank has rounds left")
    try listen()
    return underWay.isEmpty ? heard : nil
  }

  /// Raises `flags` in the end, waits for all ranks, and gives what any of them has raised: the same on every rank.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  package func finish(_ flags: UInt64) throws(Failure) -> UInt64 {
    try commit(flags)
    for round in underWay {
      try round.transfer.wait()
      heard |= round.flags.pointer[0]
    }
    underWay.removeAll()
    return try communicator.combineFlags(heard | flags)
  }

  /// Takes what has come.
  private func listen() throws(Failure) {
    while let first = underWay.first, try first.transfer.isComplete() {
      heard |= first.flags.pointer[0]
      underWay.removeFirst()
    }
  }

  private func start(_ flags: UInt64) throws(Failure) {
    let buffer = AlignedBuffer<UInt64>(count: 1)
    buffer.pointer[0] = flags
    underWay.append((buffer, try communicator.startCombiningFlags(buffer)))
    roundsLeft -= 1
  }
}
