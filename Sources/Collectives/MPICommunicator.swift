internal import CMPI
import Foundation
import Runtime
import Synchronization

/// One of MPI's communicators: all ranks of the program (MPI_COMM_WORLD), or a part of them. MPI returns its errors, every
/// status is checked, and a failure names call, rank and host.
///
/// Calls come from one thread at a time (`MPI_THREAD_SERIALIZED`, ``MPITurn``); where MPI gives less, from the thread that
/// initialised it.
package final class MPICommunicator: Communicator {
  /// This process's number in the group (`MPI_Comm_rank`).
  package let rank: Int
  /// The number of processes of the group (`MPI_Comm_size`).
  package let size: Int
  /// The host's name (`MPI_Get_processor_name`).
  package let hostName: String
  /// The calls that go through ``check(_:_:isNew:)``.
  package let activity = CollectiveActivity()

  /// MPI's communicator.
  let handle: croco_mpi_communicator
  // Another one of the same ranks: a barrier on it never meets a collective that hangs.
  private let departure: croco_mpi_communicator
  private let isWorld: Bool
  private let thread = pthread_self()
  private static let isSerialized = Atomic<Bool>(false)

  /// Initialises MPI (`MPI_Init_thread`), once a process, and stands for all ranks of the program.
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` that names the MPI call.
  package convenience init() throws(Failure) {
    precondition(!Self.isInitialized, "MPI can be initialised only once in a process")
    var (isFunneled, isSerialized): (Int32, Int32) = (0, 0)
    try Self.check(croco_mpi_init(&isFunneled, &isSerialized), "MPI_Init_thread", at: "a rank not yet known")
    Self.isSerialized.store(isSerialized != 0, ordering: .relaxed)
    guard isFunneled != 0 else {
      throw Failure(
        .inputOutput, "This MPI library does not let a process with several threads call it (MPI_THREAD_FUNNELED).",
        hint: "Use a build of Open MPI with thread support.")
    }
    try self.init(croco_mpi_world(), isWorld: true)
  }

  /// Stands for the ranks of `handle`; collective among them.
  private init(_ handle: croco_mpi_communicator, isWorld: Bool) throws(Failure) {
    var (rank, size, length): (Int32, Int32, Int32) = (0, 0, 0)
    try Self.check(croco_mpi_return_errors(handle), "MPI_Comm_set_errhandler", at: "a rank not yet known")
    try Self.check(croco_mpi_rank(handle, &rank), "MPI_Comm_rank", at: "a rank not yet known")
    try Self.check(croco_mpi_size(handle, &size), "MPI_Comm_size", at: "rank \(rank)")
    var name = [CChar](repeating: 0, count: croco_mpi_longest_host_name)
    try Self.check(croco_mpi_host_name(&name, &length), "MPI_Get_processor_name", at: "rank \(rank)")
    var departure = croco_mpi_communicator()
    try Self.check(croco_mpi_duplicate(handle, &departure), "MPI_Comm_dup", at: "rank \(rank)")
    try Self.check(croco_mpi_return_errors(departure), "MPI_Comm_set_errhandler", at: "rank \(rank)")
    self.rank = Int(rank)
    self.size = Int(size)
    self.handle = handle
    self.departure = departure
    self.isWorld = isWorld
    hostName = String(decoding: name.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Whether MPI was initialised in this process (`MPI_Initialized`).
  package static var isInitialized: Bool {
    var flag: Int32 = 0
    return Int(croco_mpi_initialized(&flag)) == croco_mpi_success && flag != 0
  }

  /// Whether several threads may call MPI, one at a time (`MPI_THREAD_SERIALIZED`).
  package var mayCallFromAnyThread: Bool { Self.isSerialized.load(ordering: .relaxed) }

  /// The ranks of this group on this rank's host (`MPI_Comm_split_type`, MPI_COMM_TYPE_SHARED).
  package func splitByHost() throws(Failure) -> any Communicator {
    var part = croco_mpi_communicator()
    try check(croco_mpi_split_by_host(handle, &part), "MPI_Comm_split_type")
    return try MPICommunicator(part, isWorld: false)
  }

  /// The ranks of this group that give the same `color`, which is not negative, in the order of `key` (`MPI_Comm_split`).
  package func split(color: Int, key: Int) throws(Failure) -> any Communicator {
    precondition(color >= 0, "\(color) is no color of a part of \(size) ranks")
    var part = croco_mpi_communicator()
    try check(croco_mpi_split(handle, Int32(color), Int32(key), &part), "MPI_Comm_split")
    return try MPICommunicator(part, isWorld: false)
  }

  /// Waits for all ranks (`MPI_Barrier`).
  package func barrier() throws(Failure) { try check(croco_mpi_barrier(handle), "MPI_Barrier") }

  /// Whether all ranks call this within `seconds` of each other (`MPI_Ibarrier` on a communicator of its own).
  package func meetsEveryone(within seconds: Double) -> Bool {
    checkThread()
    var request = croco_mpi_request()
    guard Int(MPITurn.shared.take { croco_mpi_start_barrier(departure, &request) }) == croco_mpi_success else {
      return false
    }
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(seconds)
    while true {
      var isComplete: Int32 = 0
      guard Int(MPITurn.shared.take { croco_mpi_test(&request, &isComplete) }) == croco_mpi_success else {
        return false
      }
      if isComplete != 0 { return true }
      guard clock.now < deadline else { return false }
      usleep(1000)
    }
  }

  /// Ends MPI (`MPI_Finalize`), or gives a part of the ranks back (`MPI_Comm_free`). Waits for all its ranks.
  package func finalize() throws(Failure) {
    if isWorld { return try check(croco_mpi_finalize(), "MPI_Finalize") }
    for var handle in [departure, handle] { try check(croco_mpi_free(&handle), "MPI_Comm_free") }
  }

  /// Ends all ranks of the program at once (`MPI_Abort`); mpirun then ends with `exitCode`.
  package func abort(exitCode: Int32) -> Never {
    _ = croco_mpi_abort(exitCode)
    exit(exitCode)
  }

  /// Makes an MPI call that waits for other ranks, and turns its status into a failure that names the call, the rank and the
  /// host.
  func check(_ status: @autoclosure () -> Int32, _ call: String) throws(Failure) {
    try MPITurn.shared.settle()
    try checkAtOnce(status(), call)
  }

  /// Makes an MPI call that returns at once.
  ///
  /// - Parameter isNew: false where the call goes on with a collective that was entered before.
  func checkAtOnce(_ status: @autoclosure () -> Int32, _ call: String, isNew: Bool = true) throws(Failure) {
    checkThread()
    let status = activity.during(call, isNew: isNew) { MPITurn.shared.take(status) }
    try Self.check(status, call, at: "rank \(rank) (\(hostName))")
  }

  private func checkThread() {
    precondition(
      mayCallFromAnyThread || pthread_equal(thread, pthread_self()) != 0,
      "MPI must be called from the thread that initialised it")
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
