internal import CMPI
import Foundation
import Runtime

/// MPI_COMM_WORLD. MPI returns its errors, every status is checked, and a failure names call, rank and host.
///
/// Calls come from the thread that made it (`MPI_THREAD_FUNNELED`).
package final class MPICommunicator: Communicator {
  /// This process's number (`MPI_Comm_rank`).
  package let rank: Int
  /// The number of processes (`MPI_Comm_size`).
  package let size: Int
  /// The host's name (`MPI_Get_processor_name`).
  package let hostName: String

  private let thread = pthread_self()
  private let departure: UInt64

  /// Initialises MPI (`MPI_Init_thread`); once a process.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` that names the MPI call.
  package init() throws(Failure) {
    precondition(!Self.isInitialized, "MPI can be initialised only once in a process")
    var isFunneled: Int32 = 0
    try Self.check(croco_mpi_init(&isFunneled), "MPI_Init_thread", at: "a rank not yet known")
    guard isFunneled != 0 else {
      throw Failure(
        .inputOutput, "This MPI library does not let a process with several threads call it (MPI_THREAD_FUNNELED).",
        hint: "Use a build of Open MPI with thread support.")
    }
    var (rank, size, length): (Int32, Int32, Int32) = (0, 0, 0)
    try Self.check(croco_mpi_return_errors(), "MPI_Comm_set_errhandler", at: "a rank not yet known")
    try Self.check(croco_mpi_rank(&rank), "MPI_Comm_rank", at: "a rank not yet known")
    try Self.check(croco_mpi_size(&size), "MPI_Comm_size", at: "rank \(rank)")
    var name = [CChar](repeating: 0, count: croco_mpi_longest_host_name)
    try Self.check(croco_mpi_host_name(&name, &length), "MPI_Get_processor_name", at: "rank \(rank)")
    var departure: UInt64 = 0
    try Self.check(croco_mpi_duplicate_world(&departure), "MPI_Comm_dup", at: "rank \(rank)")
    self.rank = Int(rank)
    self.size = Int(size)
    self.departure = departure
    hostName = String(decoding: name.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Whether MPI was initialised in this process (`MPI_Initialized`).
  package static var isInitialized: Bool {
    var flag: Int32 = 0
    return Int(croco_mpi_initialized(&flag)) == croco_mpi_success && flag != 0
  }

  /// Waits for all ranks (`MPI_Barrier`).
  package func barrier() throws(Failure) { try check(croco_mpi_barrier(), "MPI_Barrier") }

  /// Whether all ranks call this within `seconds` of each other (`MPI_Ibarrier` on a communicator of its own).
  package func meetsEveryone(within seconds: Double) -> Bool {
    checkThread()
    var request: UInt64 = 0
    guard Int(croco_mpi_start_barrier(departure, &request)) == croco_mpi_success else { return false }
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(seconds)
    while true {
      var isComplete: Int32 = 0
      guard Int(croco_mpi_test(&request, &isComplete)) == croco_mpi_success else { return false }
      if isComplete != 0 { return true }
      guard clock.now < deadline else { return false }
      usleep(1000)
    }
  }

  /// Ends MPI (`MPI_Finalize`). Waits for all ranks.
  package func finalize() throws(Failure) { try check(croco_mpi_finalize(), "MPI_Finalize") }

  /// Ends all ranks at once (`MPI_Abort`); mpirun then ends with `exitCode`.
  package func abort(exitCode: Int32) -> Never {
    _ = croco_mpi_abort(exitCode)
    exit(exitCode)
  }

  /// Turns the status of an MPI call into a failure that names the call, the rank and the host.
  func check(_ status: Int32, _ call: String) throws(Failure) {
    checkThread()
    try Self.check(status, call, at: "rank \(rank) (\(hostName))")
  }

  private func checkThread() {
    precondition(
      pthread_equal(thread, pthread_self()) != 0, "MPI must be called from the thread that initialised it")
  }

  private static func check(_ status: Int32, _ call: String, at place: String) throws(Failure) {
    guard Int(status) != croco_mpi_success else { return }
    var text = [CChar](repeating: 0, count: croco_mpi_longest_error_text)
    var length: Int32 = 0
    let hasText = Int(croco_mpi_error_text(status, &text, &length)) == croco_mpi_success
    let bytes = text.prefix(Int(length)).map(UInt8.init(bitPattern:))
    let reason = hasText ? String(decoding: bytes, as: UTF8.self) : "error \(status)"
    throw Failure(.inputOutput, "\(call) failed on \(place): \(reason).")
  }
}
