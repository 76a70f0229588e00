import Foundation
import Storage

/// A group of one process that makes no MPI call at all, so that debuggers and sanitizers work.
public struct SingleProcessCommunicator: Communicator {
  /// Always 0.
  public var rank: Int { 0 }
  /// Always 1.
  public var size: Int { 1 }
  /// The host's name (`gethostname`).
  public let hostName = ProcessInfo.processInfo.hostName

  /// Creates the group.
  public init() {}

  /// Returns at once.
  public func barrier() throws(Failure) {}

  /// The flags themselves.
  public func combineFlags(_ flags: UInt64) throws(Failure) -> UInt64 { flags }

  /// Leaves the values as they are.
  public func sumInRankOrder(_ values: inout [Double]) throws(Failure) {}

  /// The bytes themselves, as those of rank 0.
  public func gatherBytes(_ bytes: [UInt8]) throws(Failure) -> [[UInt8]] { [bytes] }

  /// Leaves the memory as it is; `root` can only be 0.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(Failure) {
    precondition(root == 0, "there is no rank \(root) in a group of one")
  }

  /// Leaves the values as they are.
  public func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(Failure) {}

  /// Copies the one slice.
  public func exchange(
    _ send: UnsafePointer<Float>, counts: [Int], offsets: [Int],
    into receive: UnsafeMutablePointer<Float>, counts receiveCounts: [Int], offsets receiveOffsets: [Int]
  ) throws(Failure) {
    precondition(counts.count == 1 && counts == receiveCounts, "a group of one exchanges one slice with itself")
    (receive + receiveOffsets[0]).update(from: send + offsets[0], count: counts[0])
  }

  /// Leaves the one slice where it is.
  public func gatherSlices(_ values: UnsafeMutablePointer<Float>, counts: [Int], offsets: [Int]) throws(Failure) {}

  /// Leaves the one slice where it is.
  public func gatherSlices(_ values: UnsafeMutablePointer<Double>, counts: [Int], offsets: [Int]) throws(Failure) {}

  /// Ends the process (`exit`).
  public func abort(exitCode: Int32) -> Never { exit(exitCode) }
}
