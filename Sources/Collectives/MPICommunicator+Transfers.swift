internal import CMPI
import Runtime

// Slices of buffers travel as bytes. Failures of kind `internalError` where a slice, or the distance of two, exceeds 2^31 - 1
// bytes; of kind `inputOutput` where MPI fails.
extension MPICommunicator {
  /// Sends to every rank its slice of `outgoing`, and receives from each its slice of `incoming` (`MPI_Alltoallv`).
  package func exchange<Element>(
    _ outgoing: BufferSlices<Element>, into incoming: BufferSlices<Element>
  ) throws(Failure) {
    let (send, receive) = (try MessageTable(outgoing, of: self), try MessageTable(incoming, of: self))
    try check(
      withExtendedLifetime((send, receive)) { croco_mpi_exchange_slices(handle, send.slices, receive.slices) },
      "MPI_Alltoallv")
  }

  /// Begins ``exchange(_:into:)`` (`MPI_Ialltoallv`).
  package func startExchange<Element>(
    _ outgoing: BufferSlices<Element>, into incoming: BufferSlices<Element>
  ) throws(Failure) -> any PendingTransfer {
    let (send, receive) = (try MessageTable(outgoing, of: self), try MessageTable(incoming, of: self))
    let transfer = MPITransfer("MPI_Ialltoallv", on: self, holding: [send, receive])
    try transfer.start { request in
      croco_mpi_start_exchange_slices(handle, send.slices, receive.slices, &request)
    }
    return transfer
  }

  /// Gathers slice r of a buffer from rank r, in place (`MPI_Allgatherv`).
  package func gather<Element>(_ slices: BufferSlices<Element>) throws(Failure) {
    let table = try MessageTable(slices, of: self)
    try check(withExtendedLifetime(table) { croco_mpi_gather_slices(handle, table.slices) }, "MPI_Allgatherv")
  }

  /// Begins ``gather(_:)``: sends the own slice to everyone (`MPI_Ialltoallv`, which keeps links busier than
  /// `MPI_Iallgatherv`).
  package func startGather<Element>(_ slices: BufferSlices<Element>) throws(Failure) -> any PendingTransfer {
    func others(_ range: (Int) -> Range<Int>) -> [Range<Int>] { (0..<size).map { $0 == rank ? 0..<0 : range($0) } }
    return try startExchange(
      BufferSlices(slices.buffer, others { _ in slices.ranges[rank] }),
      into: BufferSlices(slices.buffer, others { slices.ranges[$0] }))
  }
}

extension MPICommunicator {
  /// Begins ``combineFlags(_:)`` of the one value in `flags`, in place (`MPI_Iallreduce`).
  package func startCombiningFlags(_ flags: AlignedBuffer<UInt64>) throws(Failure) -> any PendingTransfer {
    precondition(flags.count == 1, "\(flags.count) values are no flags")
    let transfer = MPITransfer("MPI_Iallreduce", on: self, holding: [flags])
    try transfer.start { request in croco_mpi_start_or(handle, flags.pointer, &request) }
    return transfer
  }
}

/// Slices of a buffer as MPI takes them, with the memory that they point to.
private final class MessageTable {
  /// Offsets count from the first byte of all slices, so that they are small wherever in a buffer these lie. Valid as long as
  /// the table is held.
  let slices: croco_mpi_slices

  private let buffer: AnyObject
  private let numbers: AlignedBuffer<Int32>  // [2, ranks]: counts, then offsets

  init<Element>(_ slices: BufferSlices<Element>, of communicator: MPICommunicator) throws(Failure) {
    let size = communicator.size
    precondition(slices.ranges.count == size, "\(slices.ranges.count) slices for \(size) ranks")
    let first = slices.ranges.lazy.filter { !$0.isEmpty }.map(\.lowerBound).min()
    let stride = MemoryLayout<Element>.stride
    buffer = slices.buffer
    numbers = AlignedBuffer(count: 2 * size)
    // Where there is nothing to send, not where something is received: Open MPI takes equal addresses for an exchange in place.
    let start =
      first.map { UnsafeMutableRawPointer(slices.buffer.pointer + $0) } ?? UnsafeMutableRawPointer(numbers.pointer)
    self.slices = croco_mpi_slices(start: start, counts: numbers.pointer, offsets: numbers.pointer + size)
    for (rank, range) in slices.ranges.enumerated() where !range.isEmpty {
      let (bytes, offset) = (range.count * stride, (range.lowerBound - (first ?? 0)) * stride)
      guard let count = Int32(exactly: bytes), let place = Int32(exactly: offset) else {
        throw Failure(
          .internalError,
          "A message of \(bytes) bytes at \(offset) for rank \(rank) of \(size) exceeds MPI's 32-bit counts.")
      }
      numbers.pointer[rank] = count
      numbers.pointer[size + rank] = place
    }
  }
}

/// A transfer of MPI's under way, with the buffers and tables that it reads and writes.
private final class MPITransfer: PendingTransfer {
  private let call: String
  private let communicator: MPICommunicator
  private let memory: [AnyObject]
  private var request = croco_mpi_request()
  private var isUnderWay = false

  init(_ call: String, on communicator: MPICommunicator, holding memory: [AnyObject]) {
    self.call = call
    self.communicator = communicator
    self.memory = memory
  }

  // MPI goes on writing into what is under way, so this memory must never be used for anything else. Only a run that ends
  // with a failure lets go of a transfer.
  deinit { if isUnderWay { for object in memory { _ = Unmanaged.passRetained(object) } } }

  func start(_ body: (inout croco_mpi_request) -> Int32) throws(Failure) {
    try communicator.checkAtOnce(body(&request), call)
    isUnderWay = true
  }

  func isComplete() throws(Failure) -> Bool {
    guard isUnderWay else { return true }
    var flag: Int32 = 0
    try communicator.checkAtOnce(croco_mpi_test(&request, &flag), call, isNew: false)
    isUnderWay = flag == 0
    return !isUnderWay
  }

  func wait() throws(Failure) {
    guard isUnderWay else { return }
    try MPITurn.shared.settle()
    try communicator.checkAtOnce(croco_mpi_wait(&request), call, isNew: false)
    isUnderWay = false
  }
}
