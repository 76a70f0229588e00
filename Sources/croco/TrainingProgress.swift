import Foundation
import Training

/// Moves a progress bar with the steps of a run, and with the passes within them.
final class StepBar: RunObserver {
  let audience = RunAudience.firstRank
  private let bar: ProgressBar

  init(_ bar: ProgressBar) { self.bar = bar }

  func run(didAdvance progress: StepProgress) {
    let place = "micro-batch \(progress.microBatch) of \(progress.microBatchCount)"
    bar.update(progress.step - 1, part: progress.share, place: place)
  }

  func run(didStep report: StepReport) {
    bar.update(report.step)
    // Where there is no terminal, the lines of steps tell enough but for steps that take long.
    bar.rest()
  }

  func runDidEnd() { bar.clear() }
}

/// Prints what a run says: warnings to standard error, all else to standard output, each above the bar if there is one.
final class LinePrinter {
  var bar: ProgressBar?

  func print(_ level: RunLog.Level, _ text: String) {
    bar?.clear()
    switch level {
    case .warning: Console.printError("croco: warning: \(text)\n")
    // mpirun forwards the two streams apart from each other: one after the other is certain in the same one only.
    case .step, .info: Terminal.isForwarded ? Console.printError("\(text)\n") : Console.print("\(text)\n")
    }
  }

  /// Says at once that a signal has come, in place of the bar if there is one.
  static var acknowledgment: SignalFlags.Acknowledgment {
    // Within a signal handler: constant texts, and one system call.
    guard Terminal.isThere else {
      return { LinePrinter.writeError("croco: stopping after this micro-batch; a second Ctrl-C stops now.\n") }
    }
    return { LinePrinter.writeError("\r\u{1B}[Kcroco: stopping after this micro-batch; a second Ctrl-C stops now.\n") }
  }

  private static func writeError(_ text: StaticString) {
    _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
  }
}
