import Foundation
import Runtime
import Storage
import Training

/// One line of `metrics.jsonl` as a report reads it; nil stands for what is missing or not finite.
struct StepRecord: Equatable {
  /// Completed steps, this one included.
  let step: Int
  /// The other numbers, by their keys in the file.
  let values: [String: Double]

  /// The number under a key, if it is there and finite.
  subscript(key: String) -> Double? { values[key] }

  var epoch: Double? { self["epoch"] }
  var loss: Double? { self["loss"] }
  var validationLoss: Double? { self["validation_loss"] }
  var referenceGain: Double? { self["reference_gain"] }
  var gradientNorm: Double? { self["grad_norm"] }
  var learningRate: Double? { self["lr"] }
  var milliseconds: Double? { self["ms"] }
  var pairsPerSecond: Double? { self["pairs_per_s"] }

  /// Milliseconds of a stage of the step.
  func milliseconds(of stage: StepStage) -> Double? { self["ms_\(stage.rawValue)"] }
}

/// `metrics.jsonl` as it may be found: complete, of a run that goes on, or with lines that a kill or full disk cut off.
struct MetricsFile {
  /// The steps in ascending order, each once; the later line of a step counts.
  let records: [StepRecord]
  /// Lines that hold no step.
  let unreadableLineCount: Int

  /// Reads the file.
  ///
  /// - Throws: `Failure` of kind `noInput` (no file) or `badData` (no step in it).
  init(path: String) throws(Failure) {
    self.init(lines: try Data(File.contents(of: path, limit: .max)).split(separator: UInt8(ascii: "\n")))
    guard !records.isEmpty else {
      throw Failure(.badData, "\(path) holds no completed step.", hint: "Wait for the first step of the run.")
    }
  }

  private init(lines: [Data]) {
    var records: [StepRecord] = []
    var unreadable = 0
    for line in lines {
      if let record = Self.record(line) { records.append(record) } else { unreadable += 1 }
    }
    var isAscending = true
    for (earlier, later) in zip(records, records.dropFirst()) where later.step <= earlier.step { isAscending = false }
    if !isAscending {
      let latest = Dictionary(records.map { ($0.step, $0) }, uniquingKeysWith: { $1 })
      records = latest.values.sorted { $0.step < $1.step }
    }
    self.records = records
    unreadableLineCount = unreadable
  }

  private static func record(_ line: Data) -> StepRecord? {
    guard let fields = fields(line), let step = fields["step"] as? Int, step >= 0 else { return nil }
    return StepRecord(step: step, values: fields.compactMapValues { $0 as? Double }.filter { $0.value.isFinite })
  }

  private static func fields(_ line: Data) -> [String: Any]? {
    if let fields = try? JSONSerialization.jsonObject(with: line) as? [String: Any] { return fields }
    // Runs of croco 0.1 wrote nan and inf, for which JSON has no word.
    let text = String(decoding: line, as: UTF8.self)
      .replacing(/:\s*-?(nan|inf|NaN|Infinity)(?=[,}])/, with: ":null")
    return try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
  }
}
