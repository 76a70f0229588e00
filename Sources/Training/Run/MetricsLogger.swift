import Foundation
import Runtime
import Storage

/// `metrics.jsonl`: a line of JSON a step, each written in one call, so that a kill leaves whole lines but for the
/// last.
package final class MetricsLogger {
  private let path: String
  private var file: File
  /// The last step of the file where its line has no validation; nil where it has one, or there is no line.
  package private(set) var lastUnvalidatedStep: Int?

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
      lastUnvalidatedStep = kept.last.flatMap { $0.contains(Self.validationKey) ? nil : Self.step(of: $0) }
    }
    self.path = path
    file = try File(path, .appending)
  }

  /// Writes the line of a step.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  package func write(_ report: StepReport) throws(Failure) { try file.write(Array((report.json + "\n").utf8)) }

  /// Adds a validation to the last line, which has none: the line is then as if it had been written with it.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  func add(_ validation: Validation) throws(Failure) {
    let text = String(decoding: try File.contents(of: path, limit: .max), as: UTF8.self)
    precondition(text.hasSuffix("}\n"), "\(path) ends with a line that is no object")
    let fields = StepReport.fields(of: validation.loss, validation.referenceGain)
    do {
      try Publication.publishText(text.dropLast(2) + "," + JSON.object(fields).text.dropFirst() + "\n", at: path)
    } catch {
      throw Failure(describing: error)
    }
    file = try File(path, .appending)
    lastUnvalidatedStep = nil
  }

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

  /// The reference gain of the last validation that had one, of steps up to `step`; nil where there is none.
  ///
  /// - Throws: `Failure` of kind `noInput` or `inputOutput` that names the file.
  package static func referenceGain(path: String, upTo step: Int) throws(Failure) -> Double? {
    guard FileSystem.exists(path) else { return nil }
    let lines = String(decoding: try File.contents(of: path, limit: .max), as: UTF8.self).split(separator: "\n")
    for line in lines.reversed() where line.contains(validationKey) {
      let fields = fields(of: line)
      guard let place = fields["step"] as? Int, place <= step else { continue }
      if let gain = fields["reference_gain"] as? Double { return gain }
    }
    return nil
  }

  private static let validationKey = "\"validation_loss\""

  private static func step(of line: Substring) -> Int? {
    fields(of: line)["step"] as? Int
  }

  private static func fields(of line: Substring) -> [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]) ?? [:]
  }
}
