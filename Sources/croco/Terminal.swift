import Foundation
import Storage

/// The terminal that standard error goes to.
///
/// mpirun gives ranks pipes in its place. The launch scripts know whether these end at a terminal, and tell its width in
/// `CROCO_COLUMNS`.
enum Terminal {
  /// Whether lines can be drawn anew.
  static let isThere = isDirect || forwardedColumns != nil

  /// Whether standard output and standard error both go through mpirun to the same terminal.
  static let isForwarded = !isDirect && forwardedColumns != nil

  /// The width, asked for anew as users resize windows.
  static var columns: Int {
    var size = winsize()
    if isDirect, ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    return forwardedColumns ?? 80
  }

  private static let isDirect = isatty(STDERR_FILENO) == 1
  private static let forwardedColumns = ProcessInfo.processInfo.environment["CROCO_COLUMNS"].flatMap { Int($0) }

  /// What removes the line of the cursor.
  static let clearing = "\r\u{1B}[K"
}

/// The standard streams, with bytes of paths that are no UTF-8 spelled out. What cannot be written is lost: a terminal that hung up must not end a run.
enum Console {
  /// Writes to standard output.
  static func print(_ text: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data(text.withBytesSpelled.utf8))
  }

  /// Writes to standard error.
  static func printError(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.withBytesSpelled.utf8))
  }
}
