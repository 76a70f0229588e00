internal import CMPI
import Runtime

// Messages are cut into pieces whose counts and displacements fit MPI's 32 bits; the pieces are the same on all ranks.
extension MPICommunicator {
  private static let longestPiece = 1 << 30  // bytes
  // Allreduce may allocate as much again as it is given: 16 MiB pieces bound that.
  private static let sumPiece = 1 << 22  // floats

  /// The bitwise or over the ranks (`MPI_Allreduce`, MPI_BOR).
  package func combineFlags(_ flags: UInt64) throws(Failure) -> UInt64 {
    var flags = flags
    try check(croco_mpi_or(handle, &flags), "MPI_Allreduce")
    return flags
  }

  /// Sums doubles in rank order, in place (`MPI_Allgather`, then the same additions on every rank).
  package func sumInRankOrder(_ values: inout [Double]) throws(Failure) {
    let piece = min(values.count, max(1, Self.longestPiece / 8 / size))
    var all = [Double](repeating: 0, count: piece * size)
    for start in stride(from: 0, to: values.count, by: max(1, piece)) {
      let count = min(piece, values.count - start)
      let own = Array(values[start..<start + count])
      try check(croco_mpi_gather_doubles(handle, own, Int32(count), &all), "MPI_Allgather")
      for i in 0..<count {
        var sum = all[i]
        for rank in 1..<max(1, size) { sum += all[rank * count + i] }
        values[start + i] = sum
      }
    }
  }

  /// Every rank's bytes, by rank (`MPI_Allgather` of lengths, then `MPI_Allgatherv` in as many rounds as needed).
  package func gatherBytes(_ bytes: [UInt8]) throws(Failure) -> [[UInt8]] {
    var length = Int64(bytes.count)
    var lengths = [Int64](repeating: 0, count: size)
    try check(croco_mpi_gather_lengths(handle, &length, &lengths), "MPI_Allgather")
    var result = lengths.map { length in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(Int(length))
      return bytes
    }
    let longest = Int(lengths.max() ?? 0)
    let piece = Self.longestPiece / size
    for start in stride(from: 0, to: longest, by: piece) {
      let counts = lengths.map { Int32(min(piece, max(0, Int($0) - start))) }
      let offsets = Self.offsets(of: counts)
      var all = [UInt8](repeating: 0, count: counts.reduce(0) { $0 + Int($1) })
      let own = bytes.dropFirst(start).prefix(piece)
      try check(
        own.withUnsafeBytes { croco_mpi_gather_bytes(handle, $0.baseAddress, Int32($0.count), &all, counts, offsets) },
        "MPI_Allgatherv")
      for rank in 0..<size {
        result[rank] += all[Int(offsets[rank])..<Int(offsets[rank]) + Int(counts[rank])]
      }
    }
    return result
  }

  /// Copies rank `root`'s memory over that of the others (`MPI_Bcast`).
  package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(Failure) {
    precondition((0..<size).contains(root), "there is no rank \(root) among \(size)")
    for start in stride(from: 0, to: bytes.count, by: Self.longestPiece) {
      let count = min(Self.longestPiece, bytes.count - start)
      try check(croco_mpi_broadcast_bytes(handle, bytes.baseAddress! + start, Int32(count), Int32(root)), "MPI_Bcast")
    }
  }

  /// Sums floats over the ranks, in place (`MPI_Allreduce`, MPI_SUM).
  package func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(Failure) {
    for start in stride(from: 0, to: values.count, by: Self.sumPiece) {
      let count = min(Self.sumPiece, values.count - start)
      try check(croco_mpi_sum_floats(handle, values.baseAddress! + start, Int32(count)), "MPI_Allreduce")
    }
  }

  /// The running sums of counts, from 0.
  private static func offsets(of counts: [Int32]) -> [Int32] {
    var end: Int32 = 0
    return counts.map { count in
      defer { end += count }
      return end
    }
  }
}
