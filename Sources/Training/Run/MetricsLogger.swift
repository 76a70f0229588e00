import Foundation
import Runtime
import Storage

/// `metrics.jsonl`: a line of JSON a step, each written in one call, so that a kill leaves whole lines but for the
/// last.
package final class MetricsLogger {
  private let file: File

  /// Opens the file and cuts off what a run wrote after `step`, where it is resumed from there.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the file.
  package init(path: String, afterStep step: Int) throws {
    if FileSystem.exists(path) {
      let bytes = try File.contents(of: path, limit: .max)
      let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      let kept = lines.filter { line in Self.step(of: line).map { $0 <= step } ?? false }
      let text = kept.map { $0 + "\n" }.joined()
      if text.utf8.count != bytes.count { try Publication.publishText(text, at: path) }
    }
    file = try File(path, .appending)
  }

  /// Writes the line of a step.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  package func write(_ report: StepReport) throws(Failure) { try file.write(Array((report.json + "\n").utf8)) }

  /// The validation losses that are finite, by step.
  ///
  /// - Throws: `Failure` of kind `noInput` or `inputOutput` that names the file.
  static func validationLosses(path: String) throws(Failure) -> [Int: Double] {
    let lines = String(decoding: try File.contents(of: path, limit: .max), as: UTF8.self).split(separator: "\n")
    var losses: [Int: Double] = [:]
    // A look at the text first: most of the lines of a long run have none.
    for line in lines where line.contains(validationKey) {
      let fields = fields(of: line)
      guard let step = fields["step"] as? Int, let loss = fields["validation_loss"] as? Double else { continue }
      losses[step] = loss
    }
    return losses
  }

  private static let validationKey = "\"validation_loss\""

  private static func step(of line: Substring) -> Int? {
    fields(of: line)["step"] as? Int
  }

  private static func fields(of line: Substring) -> [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]) ?? [:]
  }
}
