import Runtime

/// What the trainer needs of a group of ranks. Every call is collective: all ranks of the group make it, in the same order.
///
/// ``SingleProcessCommunicator`` makes no MPI call at all; ``MPICommunicator`` stands for one of MPI's communicators. All
/// calls but ``abort(exitCode:)`` come from the thread that made the communicator, or, where ``mayCallFromAnyThread`` holds, from
/// any.
package protocol Communicator: Sendable {
  /// This process's number, 0 ..< ``size``.
  var rank: Int { get }
  /// The number of processes.
  var size: Int { get }
  /// The host's name.
  var hostName: String { get }
  /// Whether calls may come from several threads. Those that wait for other ranks then wait for the background thread, too.
  var mayCallFromAnyThread: Bool { get }
  /// What calls of this group the rank has entered; any thread may look.
  var activity: CollectiveActivity { get }

  /// The ranks of this group that run on this rank's host, in the same order; end it with ``finalize()``.
  func splitByHost() throws(Failure) -> any Communicator

  /// The ranks of this group that give the same `color`, ordered by `key` and, where that is equal, as they were; end it
  /// with ``finalize()``.
  ///
  /// With the rank among those of the host as its color, it joins the ranks of equal number on all hosts.
  func split(color: Int, key: Int) throws(Failure) -> any Communicator

  /// Waits for all ranks (`MPI_Barrier`).
  func barrier() throws(Failure)

  /// The bitwise or over the ranks (`MPI_Allreduce`, MPI_BOR): how ranks agree on flags.
  func combineFlags(_ flags: UInt64) throws(Failure) -> UInt64

  /// Begins ``combineFlags(_:)`` of the one value in `flags`, in place (`MPI_Iallreduce`). Until it is complete, nobody
  /// touches the buffer.
  func startCombiningFlags(_ flags: AlignedBuffer<UInt64>) throws(Failure) -> any PendingTransfer

  /// Sums doubles over the ranks **in rank order**, in place, with the same bytes on every rank.
  func sumInRankOrder(_ values: inout [Double]) throws(Failure)

  /// Every rank's bytes, by rank (`MPI_Allgather` of lengths, then `MPI_Allgatherv`).
  func gatherBytes(_ bytes: [UInt8]) throws(Failure) -> [[UInt8]]

  /// Copies rank `root`'s memory over that of the others (`MPI_Bcast`, in pieces that fit 32-bit counts).
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(Failure)

  /// Sums floats over the ranks, in place (`MPI_Allreduce`, MPI_SUM): the order is MPI's.
  func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(Failure)

  /// Sends to every rank its slice of `outgoing`, and receives from each its slice of `incoming` (`MPI_Alltoallv`).
  func exchange<Element>(
    _ outgoing: BufferSlices<Element>, into incoming: BufferSlices<Element>) throws(Failure)

  /// Begins ``exchange(_:into:)`` (`MPI_Ialltoallv`). Until it is complete, nobody touches either buffer.
  func startExchange<Element>(
    _ outgoing: BufferSlices<Element>, into incoming: BufferSlices<Element>
  ) throws(Failure) -> any PendingTransfer

  /// Gathers slice r of a buffer from rank r, in place: afterwards every rank has all slices (`MPI_Allgatherv`).
  func gather<Element>(_ slices: BufferSlices<Element>) throws(Failure)

  /// Begins ``gather(_:)`` (`MPI_Ialltoallv`). Until it is complete, nobody touches the slices.
  func startGather<Element>(_ slices: BufferSlices<Element>) throws(Failure) -> any PendingTransfer

  /// Whether all ranks make this call within `seconds` of each other: false where one of them hangs elsewhere.
  func meetsEveryone(within seconds: Double) -> Bool

  /// Ends the group; nothing may be called on it afterwards. That of the whole program ends MPI with it
  /// (`MPI_Finalize`); a part of it is given back (`MPI_Comm_free`). Waits for all its ranks.
  func finalize() throws(Failure)

  /// Ends all ranks of the program at once (`MPI_Abort`), for failures that cannot be agreed on. Any thread may call it.
  func abort(exitCode: Int32) -> Never
}
