import Foundation
import Runtime
import Storage

/// `metrics.jsonl`: a line of JSON a step, each written in one call, so that a kill leaves whole lines but for the
/// last.
package final class MetricsLogger {
  private let path: String
  private let file: AppendedFile

  /// Opens the file and cuts off what a run wrote after `step`, where it is resumed from there.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the file.
  package init(path: String, afterStep step: Int) throws {
    self.path = path
    if let data = FileManager.default.contents(atPath: path), !data.isEmpty {
      let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
      let kept = lines.filter { line in Self.step(of: line).map { $0 <= step } ?? false }
      let text = kept.map { $0 + "\n" }.joined()
      if text.utf8.count != data.count { try Publication.publishText(text, at: path) }
    }
    file = try AppendedFile(path: path)
  }

  /// Writes the line of a step.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  package func write(_ report: StepReport) throws(Failure) { try file.append(report.json + "\n") }

  private static func step(of line: Substring) -> Int? {
    let fields = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    return fields?["step"] as? Int
  }
}

/// A text file that grows at its end (`O_APPEND`).
final class AppendedFile: Sendable {
  private let path: String
  private let descriptor: Int32

  init(path: String) throws(Failure) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw SystemCall.writeFailure(path) }
  }

  deinit { close(descriptor) }

  func append(_ text: String) throws(Failure) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw SystemCall.writeFailure(path) }
      bytes = bytes.dropFirst(count)
    }
  }
}
