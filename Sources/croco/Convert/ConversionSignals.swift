import Foundation
import Runtime

/// Ends a conversion at a signal, at once: finished shards are on disk, and the same command makes the others.
enum ConversionSignals {
  // Made before any signal can come, and never freed: a handler may not allocate.
  nonisolated(unsafe) private static var sentence = UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)

  /// Installs handlers of the signals by which people and batch systems stop a program; one that is ignored stays so.
  ///
  /// - Parameter output: the folder of the data set.
  static func install(output: String) {
    let clearing = isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[K" : ""
    say(
      "\(clearing)croco: Stopped by a signal; finished shards stay in \(output). Give the same command again to go on.\n"
    )
    for signal in [SIGTERM, SIGINT, SIGUSR1, SIGHUP] {
      var action = sigaction()
      sigaction(signal, nil, &action)
      if unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        continue
      }
      action = sigaction()
      action.__sigaction_handler.sa_handler = { _ in
        // Nothing but two system calls, which are safe in a handler.
        _ = write(STDERR_FILENO, ConversionSignals.sentence.baseAddress, ConversionSignals.sentence.count)
        _exit(Failure.Kind.interrupted.exitCode)
      }
      sigaction(signal, &action, nil)
    }
  }

  /// Leaves it to another rank to say why.
  static func beSilent() { say("") }

  private static func say(_ text: String) {
    let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
    _ = bytes.initialize(from: text.utf8)
    sentence = bytes
  }
}
