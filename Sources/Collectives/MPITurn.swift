import Foundation
import Runtime
import Synchronization

/// Whose turn it is to call MPI, which lets one thread in at a time (`MPI_THREAD_SERIALIZED`).
///
/// A call that waits for other ranks would keep the background thread from what they wait for. So such calls wait until
/// nothing is under way there (``settle``).
final class MPITurn: Sendable {
  /// That of the process.
  static let shared = MPITurn()

  private let turn = Mutex(())
  private let background = Mutex<BackgroundThread?>(nil)

  /// The thread that communicates beside the others, if there is one.
  func set(_ thread: BackgroundThread?) { background.withLock { $0 = thread } }

  /// Waits until the background thread has nothing to do, where another thread is about to make a call that waits.
  ///
  /// - Throws: the ``Failure`` of the background thread.
  func settle() throws(Failure) {
    guard let thread = background.withLock({ $0 }), !BackgroundThread.isCurrent else { return }
    try thread.finish()
  }

  /// Makes a call while no other thread does.
  func take<Result>(_ call: () -> Result) -> Result { turn.withLock { _ in call() } }
}
