import Foundation
import Runtime

/// Shows how far a long command is: a bar that redraws itself on a terminal, a plain line now and then elsewhere.
///
/// It writes to standard error, so that standard output stays clean for results.
final class ProgressBar {
  private var label: String
  private var unit: String
  private var total: Int
  private let isQuiet: Bool
  private let plainInterval: Double  // s
  private var start = DispatchTime.now()
  // Where the first report found the work: what was done before says nothing of the speed.
  private var origin: Double?
  private var lastDrawn: Double
  private var isDrawn = false

  private static let terminalInterval = 0.1  // s
  private static let longestBar = 24, shortestBar = 6

  /// Starts a bar of `total` steps, which may be told later.
  ///
  /// - Parameters:
  ///   - isQuiet: shows nothing, for `--json`.
  ///   - plainInterval: seconds between the lines where there is no terminal.
  init(_ label: String, total: Int = 0, unit: String, isQuiet: Bool = false, plainInterval: Double = 10) {
    self.label = label
    self.unit = unit
    self.total = total
    self.isQuiet = isQuiet
    self.plainInterval = plainInterval
    lastDrawn = Terminal.isThere ? -Self.terminalInterval : 0
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
    origin = nil
    lastDrawn = Terminal.isThere ? -Self.terminalInterval : 0
  }

  /// Tells that `done` steps of `total` are done. The clock starts anew where the first report is of 0 steps: what came
  /// before was preparation.
  func update(_ done: Int, _ total: Int) {
    if done == 0, self.total == 0 { restart() }
    self.total = total
    update(done)
  }

  /// Tells that `done` steps are done, and a part of the next one.
  ///
  /// - Parameters:
  ///   - part: 0 ... 1.
  ///   - place: where within the step, in words.
  func update(_ done: Int, part: Double = 0, place: String? = nil) {
    let position = Double(done) + part
    if origin == nil {
      origin = position
      // Before there was nothing to measure.
      if position > 0 { start = DispatchTime.now() }
    }
    guard total > 0, !isQuiet, elapsed - lastDrawn >= (Terminal.isThere ? Self.terminalInterval : plainInterval) else {
      return
    }
    lastDrawn = elapsed
    let figures = figures(done, position, place)
    if Terminal.isThere {
      write(Terminal.clearing + bar(position, figures))
    } else {
      write("\(label): \(figures.joined(separator: ", "))\n")
    }
    isDrawn = Terminal.isThere
  }

  /// Lets a whole interval go by before the next line, where there is no terminal: something else has been said.
  func rest() { if !Terminal.isThere { lastDrawn = elapsed } }

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

  /// Label, bar and figures within the terminal's width: where there is little room, figures go from the last on, and
  /// the bar takes what is left.
  private func bar(_ position: Double, _ figures: [String]) -> String {
    // The last columns stay empty: terminals wrap there, and show the ^C of Ctrl-C behind the bar.
    let room = Terminal.columns - 3
    var figures = figures
    while figures.count > 1, Self.line(label, figures).count > room { figures.removeLast() }
    let text = Self.line(label, figures)
    let width = min(Self.longestBar, room - text.count - "[] ".count)
    guard width >= Self.shortestBar else { return String(text.prefix(max(0, room))) }
    let filled = min(width, Int(Double(width) * position / Double(total)))
    let blocks = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
    return Self.line("\(label) [\(blocks)]", figures)
  }

  private static func line(_ opening: String, _ figures: [String]) -> String {
    "\(opening) \(figures.joined(separator: ", "))"
  }

  /// How far it is, from what matters most to what matters least.
  private func figures(_ done: Int, _ position: Double, _ place: String?) -> [String] {
    let rate = (position - (origin ?? 0)) / max(elapsed, 1e-9)
    var figures = ["\(done)/\(total) \(unit)"]
    if rate > 0, position < Double(total) {
      figures.append("\(TimeSpan.text((Double(total) - position) / rate)) left")
    }
    if let place { figures.append(place) }
    if rate > 0 {
      figures.append(
        rate < 0.5 ? "\(TimeSpan.text(1 / rate)) for one" : String(format: "%.*f %@/s", rate < 10 ? 1 : 0, rate, unit))
    }
    return figures
  }

  private func write(_ text: String) { Console.printError(text) }
}
