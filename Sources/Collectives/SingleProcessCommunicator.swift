import Foundation
import Runtime

/// A group of one process that makes no MPI call at all, so that debuggers and sanitizers work.
package struct SingleProcessCommunicator: Communicator {
  /// Always 0.
  package var rank: Int { 0 }
  /// Always 1.
  package var size: Int { 1 }
  /// The host's name (`gethostname`).
  package let hostName = ProcessInfo.processInfo.hostName
  /// True: nothing is called.
  package var mayCallFromAnyThread: Bool { true }
  /// Always empty.
  package let activity = CollectiveActivity()

  /// Creates the group.
  package init() {}

  /// Another group of the one process.
  package func splitByHost() throws(Failure) -> any Communicator { self }

  /// Another group of the one process.
  package func split(color: Int, key: Int) throws(Failure) -> any Communicator { self }

  /// Returns at once.
  package func barrier() throws(Failure) {}

  /// The flags themselves.
  package func combineFlags(_ flags: UInt64) throws(Failure) -> UInt64 { flags }

  /// Leaves the flags as they are.
  package func startCombiningFlags(_ flags: AlignedBuffer<UInt64>) throws(Failure) -> any PendingTransfer {
    CompletedTransfer()
  }

  /// Leaves the values as they are.
  package func sumInRankOrder(_ values: inout [Double]) throws(Failure) {}

  /// The bytes themselves, as those of rank 0.
  package func gatherBytes(_ bytes: [UInt8]) throws(Failure) -> [[UInt8]] { [bytes] }

  /// Leaves the memory as it is; `root` can only be 0.
  package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(Failure) {
    precondition(root == 0, "there is no rank \(root) in a group of one")
  }

  /// Leaves the values as they are.
  package func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(Failure) {}

  /// Copies the one slice.
  package func exchange<Element>(
    _ outgoing: BufferSlices<Element>, into incoming: BufferSlices<Element>
  ) throws(Failure) {
    let (send, receive) = (outgoing.ranges, incoming.ranges)
    precondition(
      send.count == 1 && send.map(\.count) == receive.map(\.count), "a group of one exchanges one slice with itself")
    (incoming.buffer.pointer + receive[0].lowerBound).update(
      from: outgoing.buffer.pointer + send[0].lowerBound, count: send[0].count)
  }

  /// Copies the one slice at once.
  package func startExchange<Element>(
    _ outgoing: BufferSlices<Element>, into incoming: BufferSlices<Element>
  ) throws(Failure) -> any PendingTransfer {
    try exchange(outgoing, into: incoming)
    return CompletedTransfer()
  }

  /// Leaves the one slice where it is.
  package func gather<Element>(_ slices: BufferSlices<Element>) throws(Failure) {}

  /// Leaves the one slice where it is.
  package func startGather<Element>(_ slices: BufferSlices<Element>) throws(Failure) -> any PendingTransfer {
    CompletedTransfer()
  }

  /// True: a group without a way to lose anybody meets at once.
  package func meetsEveryone(within seconds: Double) -> Bool { true }

  /// Does nothing.
  package func finalize() throws(Failure) {}

  /// Ends the process (`exit`).
  package func abort(exitCode: Int32) -> Never { exit(exitCode) }
}

/// A transfer that was made when it was started.
private final class CompletedTransfer: PendingTransfer {
  func isComplete() throws(Failure) -> Bool { true }
  func wait() throws(Failure) {}
}
