import Foundation
import Storage

/// Shows how far a long command is: a bar that redraws itself on a terminal, a plain line now and then elsewhere.
///
/// It writes to standard error, so that standard output stays clean for results.
final class ProgressBar {
  private var label: String
  private var unit: String
  private var total: Int
  private let isQuiet: Bool
  private let isTerminal: Bool
  private var start = DispatchTime.now()
  private var lastDrawn: Double
  private var isDrawn = false

  private static let terminalInterval = 0.1  // s
  private static let plainInterval = 10.0  // s

  /// Starts a bar of `total` steps, which may be told later.
  ///
  /// - Parameter isQuiet: shows nothing, for `--json`.
  init(_ label: String, total: Int = 0, unit: String, isQuiet: Bool = false) {
    self.label = label
    self.unit = unit
    self.total = total
    self.isQuiet = isQuiet
    isTerminal = isatty(STDERR_FILENO) == 1
    lastDrawn = isTerminal ? -Self.terminalInterval : 0
  }

  /// Seconds since the start.
  var elapsed: Double { Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9 }

  /// Goes on with another bar.
  func begin(_ label: String, unit: String) {
    clear()
    (self.label, self.unit, total) = (label, unit, 0)
    restart()
  }

  private func restart() {
    start = DispatchTime.now()
    lastDrawn = isTerminal ? -Self.terminalInterval : 0
  }

  /// Tells that `done` steps of `total` are done. The clock starts anew where the first report is of 0 steps: what came
  /// before was preparation.
  func update(_ done: Int, _ total: Int) {
    if done == 0, self.total == 0 { restart() }
    self.total = total
    update(done)
  }

  /// Tells that `done` steps are done.
  func update(_ done: Int) {
    guard total > 0, !isQuiet, elapsed - lastDrawn >= (isTerminal ? Self.terminalInterval : Self.plainInterval) else {
      return
    }
    lastDrawn = elapsed
    isTerminal ? write("\r\u{1B}[K" + bar(done)) : write(line(done) + "\n")
    isDrawn = isTerminal
  }

  /// Writes a line above the bar.
  func print(_ message: String) {
    clear()
    write(message.withBytesSpelled + "\n")
  }

  /// Removes the bar; what comes next starts on a fresh line.
  func clear() {
    if isDrawn { write("\r\u{1B}[K") }
    isDrawn = false
  }

  private func bar(_ done: Int) -> String {
    let width = 24
    let filled = min(width, width * done / total)
    let blocks = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
    return "\(label) [\(blocks)] \(figures(done))"
  }

  private func line(_ done: Int) -> String { "\(label): \(figures(done))" }

  private func figures(_ done: Int) -> String {
    let rate = Double(done) / max(elapsed, 1e-9)
    var text = "\(done)/\(total) \(unit)"
    if done > 0 { text += String(format: ", %.0f %@/s", rate, unit) }
    if done > 0, done < total { text += ", \(Self.duration(Double(total - done) / rate)) left" }
    return text
  }

  /// Seconds as people say them: "42 s", "3 min 20 s", "2 h 5 min".
  static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
