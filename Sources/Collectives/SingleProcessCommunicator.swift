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

  /// Creates the group.
  package init() {}

  /// Returns at once.
  package func barrier() throws(Failure) {}

  /// The flags themselves.
  package func combineFlags(_ flags: UInt64) throws(Failure) -> UInt64 { flags }

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
  package func exchange(
    _ send: UnsafePointer<Float>, counts: [Int], offsets: [Int],
    into receive: UnsafeMutablePointer<Float>, counts receiveCounts: [Int], offsets receiveOffsets: [Int]
  ) throws(Failure) {
    precondition(counts.count == 1 && counts == receiveCounts, "a group of one exchanges one slice with itself")
    (receive + receiveOffsets[0]).update(from: send + offsets[0], count: counts[0])
  }

  /// Leaves the one slice where it is.
  package func gatherSlices(_ values: UnsafeMutablePointer<Float>, counts: [Int], offsets: [Int]) throws(Failure) {}

  /// Leaves the one slice where it is.
  package func gatherSlices(_ values: UnsafeMutablePointer<Double>, counts: [Int], offsets: [Int]) throws(Failure) {}

  /// Ends the process (`exit`).
  package func abort(exitCode: Int32) -> Never { exit(exitCode) }
}
