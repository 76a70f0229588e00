import Runtime

/// A transfer between ranks that has begun. It holds the buffers that it reads and writes until it is complete: whoever
/// started it waits, or tests until it is.
///
/// Used by the thread that started it.
package protocol PendingTransfer: AnyObject {
  /// Whether the transfer is complete; moves it on, since MPI does nothing in the background (`MPI_Test`).
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  func isComplete() throws(Failure) -> Bool

  /// Waits until the transfer is complete (`MPI_Wait`).
  ///
  /// - Throws: ``Failure`` of kind `inputOutput` where communication fails.
  func wait() throws(Failure)
}
