import Foundation
import Runtime
import Storage
import Training

/// `evaluation.json` of a run folder: losses with several references, as `croco evaluate` writes them.
struct EvaluationRecord: Decodable {
  /// Pairs that were evaluated.
  let pairs: Int
  /// The masked loss by reference: true, shuffled, blank, identical.
  let loss: [String: Double?]
  /// 1 - loss with the true / loss with a shuffled reference; nil where all pairs were of one scene.
  let referenceGain: Double?
  /// The checkpoint that was evaluated.
  let checkpoint: String?

  private enum CodingKeys: String, CodingKey {
    case pairs, loss, checkpoint
    case referenceGain = "reference_gain"
  }

  /// Reads the file, or gives nil where there is none.
  ///
  /// - Throws: `Failure` of kind `badData` that names the file.
  static func read(path: String) throws(Failure) -> EvaluationRecord? {
    guard FileSystem.exists(path) else { return nil }
    let bytes = try File.contents(of: path)
    do {
      return try JSONDecoder().decode(EvaluationRecord.self, from: Data(bytes))
    } catch {
      throw Failure(
        .badData, "\(path) is not the result of an evaluation.",
        hint: "Remove it, or write it anew with \(.evaluate).")
    }
  }
}

extension Advice.Term {
  /// The command that measures how much a network uses the second view.
  package static let evaluate = Advice.Term("an evaluation")
}

/// A picture of reconstructions, as PNG.
struct PictureRecord {
  /// The step that it shows.
  let step: Int
  /// The bytes of the file.
  let data: Data
}

/// What a report reads of a run folder.
struct RunRecord {
  /// The run's name in legends: the last component of its path.
  var name: String
  /// The folder.
  let folder: RunFolder
  /// The metrics of its steps; at least one.
  let metrics: MetricsFile
  /// The resolved configuration as text, where it is there.
  let configurationText: String?
  /// The resolved configuration, where this version of the program can read it.
  let configuration: TrainingConfiguration?
  /// The newest evaluation, where there is one.
  let evaluation: EvaluationRecord?
  /// The newest pictures, in order of steps.
  let pictures: [PictureRecord]
  /// The checkpoint with the lowest validation loss.
  let best: BestCheckpoint?
  /// What the newest checkpoint says of the programs that computed it: "croco 0.1.0, ...".
  let versions: String?
  /// What the run said of itself when it began last: program, machine, data, network, course.
  let beginning: [String]
  /// The last lines of the log.
  let lastLogLines: [String]
  /// How the run ended before its last step, where its log tells; nil also for one that is under way.
  var ending: RunEnding? { folder.isCompleted ? nil : lastLogLines.last.flatMap { RunEnding(logLine: $0) } }

  /// Reads a run folder.
  ///
  /// - Throws: `Failure` of kind `noInput` (no run there) or `badData` (no step yet, or a broken evaluation).
  init(path: String, pictureLimit: Int) throws(Failure) {
    let folder = RunFolder(path)
    self.folder = folder
    guard FileSystem.exists(folder.metricsFile) else {
      throw Failure(
        .noInput, "\(folder.path) is not the folder of a run: there is no metrics.jsonl in it.",
        hint: "Give the \(.output) of a training run.")
    }
    let component = URL(fileURLWithPath: folder.path).standardizedFileURL.lastPathComponent
    name = component.isEmpty ? folder.path : component
    metrics = try MetricsFile(path: folder.metricsFile)
    configurationText = Self.text(folder.configurationFile)
    configuration = configurationText.flatMap { try? ConfigurationReader.parse($0, name: folder.configurationFile) }
    evaluation = try EvaluationRecord.read(path: folder.evaluationFile)
    pictures = Self.pictures(folder.pictureFolder, limit: pictureLimit)
    best = (try? BestCheckpoint(in: folder)) ?? nil
    versions = CheckpointState.newest(in: folder)?.versionText
    let log = Self.text(folder.logFile)?.split(separator: "\n") ?? []
    beginning = RunDescription.lines(ofLog: log)
    lastLogLines = log.suffix(40).map(String.init)
  }

  private static func text(_ path: String) -> String? {
    (try? File.contents(of: path)).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func pictures(_ folder: String, limit: Int) -> [PictureRecord] {
    let names = (try? FileSystem.names(in: folder)) ?? []
    let steps = names.compactMap { name -> (step: Int, name: String)? in
      guard name.hasPrefix("step-"), name.hasSuffix(".png") else { return nil }
      return Int(name.dropFirst("step-".count).dropLast(".png".count)).map { ($0, name) }
    }
    return steps.sorted { $0.step < $1.step }.suffix(limit).compactMap { step, name in
      (try? File.contents(of: folder.appending(path: name))).map { PictureRecord(step: step, data: Data($0)) }
    }
  }
}
