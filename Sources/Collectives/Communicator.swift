import Runtime

/// What the trainer needs of a group of ranks. Every call is collective: all ranks make it, in the same order.
///
/// ``SingleProcessCommunicator`` makes no MPI call at all; ``MPICommunicator`` stands for MPI_COMM_WORLD. All calls but
/// ``abort(exitCode:)`` come from the thread that made the communicator.
package protocol Communicator: Sendable {
  /// This process's number, 0 ..< ``size``.
  var rank: Int { get }
  /// The number of processes.
  var size: Int { get }
  /// The host's name.
  var hostName: String { get }

  /// Waits for all ranks (`MPI_Barrier`).
  func barrier() throws(Failure)

  /// The bitwise or over the ranks (`MPI_Allreduce`, MPI_BOR): how ranks agree on flags.
  func combineFlags(_ flags: UInt64) throws(Failure) -> UInt64

  /// Sums doubles over the ranks **in rank order**, in place, with the same bytes on every rank.
  func sumInRankOrder(_ values: inout [Double]) throws(Failure)

  /// Every rank's bytes, by rank (`MPI_Allgather` of lengths, then `MPI_Allgatherv`).
  func gatherBytes(_ bytes: [UInt8]) throws(Failure) -> [[UInt8]]

  /// Copies rank `root`'s memory over that of the others (`MPI_Bcast`, in pieces that fit 32-bit counts).
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(Failure)

  /// Sums floats over the ranks, in place (`MPI_Allreduce`, MPI_SUM): the order is MPI's.
  func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(Failure)

  /// Sends to every rank a slice and receives one from each (`MPI_Alltoallv`). Counts and offsets are in floats.
  func exchange(
    _ send: UnsafePointer<Float>, counts: [Int], offsets: [Int],
    into receive: UnsafeMutablePointer<Float>, counts receiveCounts: [Int], offsets receiveOffsets: [Int]
  ) throws(Failure)

  /// Gathers slice r of `values` from rank r, in place (`MPI_Allgatherv`). Counts and offsets are in floats.
  func gatherSlices(_ values: UnsafeMutablePointer<Float>, counts: [Int], offsets: [Int]) throws(Failure)

  /// Gathers slice r of `values` from rank r, in place (`MPI_Allgatherv`). Counts and offsets are in doubles.
  func gatherSlices(_ values: UnsafeMutablePointer<Double>, counts: [Int], offsets: [Int]) throws(Failure)

  /// Whether all ranks make this call within `seconds` of each other: false where one of them hangs elsewhere.
  func meetsEveryone(within seconds: Double) -> Bool

  /// Ends communication (`MPI_Finalize`); nothing may be called afterwards. Waits for all ranks.
  func finalize() throws(Failure)

  /// Ends all ranks at once (`MPI_Abort`), for failures that cannot be agreed on. Any thread may call it.
  func abort(exitCode: Int32) -> Never
}

extension Communicator {
  /// True: a group without a way to lose anybody meets at once.
  package func meetsEveryone(within seconds: Double) -> Bool { true }

  /// Does nothing.
  package func finalize() throws(Failure) {}
}
