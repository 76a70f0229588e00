import Foundation
import Runtime
import Storage

/// The folder of a run, and what lies where in it.
package struct RunFolder: Sendable, Equatable {
  /// The folder.
  package let path: String

  /// The run that has a checkpoint among its own; nil where that lies elsewhere.
  package init?(holding checkpoint: Checkpoint) {
    let run = RunFolder(checkpoint.path.appending(path: "../.."))
    guard FileSystem.exists(run.configurationFile) else { return nil }
    self = run
  }

  /// Names the folder; nothing is created.
  package init(_ path: String) { self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path }

  /// The resolved configuration.
  package var configurationFile: String { path.appending(path: "config.yaml") }
  /// A line of JSON a step.
  package var metricsFile: String { path.appending(path: "metrics.jsonl") }
  /// What was said, with times.
  package var logFile: String { path.appending(path: "log.txt") }
  /// The checkpoints.
  package var checkpointFolder: String { path.appending(path: "checkpoints") }
  /// A link to the checkpoint with the lowest validation loss; see ``BestCheckpoint``.
  package var bestLink: String { path.appending(path: "best") }
  /// The pictures.
  package var pictureFolder: String { path.appending(path: "reconstructions") }
  /// What `croco evaluate` found, where it was run.
  package var evaluationFile: String { path.appending(path: "evaluation.json") }
  /// The page with curves and pictures.
  package var reportFile: String { path.appending(path: "report.html") }
  /// Held by a ``RunLock`` while a process trains in the folder.
  package var lockFile: String { path.appending(path: ".lock") }
  /// What the ranks tell each other of where they are, while they train; see ``RankBoard``.
  package var rankFolder: String { path.appending(path: ".ranks") }
  /// There once the run has reached the end of its schedule; launch scripts look for it.
  package var completionMarker: String { path.appending(path: "COMPLETED") }
  /// There where the run has ended at the step that it was to end at, before the end of its schedule.
  package var stopMarker: String { path.appending(path: "STOPPED") }

  /// Whether the run has reached the end of its schedule.
  package var isCompleted: Bool { FileSystem.exists(completionMarker) }

  /// Creates the folder, and tries whether files can be written there.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the folder.
  package func create() throws(Failure) {
    try FileSystem.createFolder(path)
    try FileSystem.checkWritable(path)
    let names = try FileSystem.names(in: path)
    let own = [configurationFile, logFile, lockFile].map { ($0 as NSString).lastPathComponent }
    guard names.isEmpty || names.contains(where: own.contains) else {
      throw Failure(
        .usage, "\(path) is not empty and holds no run of croco.", hint: "Choose another \(.output) for the run.")
    }
  }

  /// Refuses a folder that holds a run of another configuration.
  ///
  /// - Throws: `Failure` of kind `configuration` that names the differing keys.
  package func check(against configuration: TrainingConfiguration) throws(Failure) {
    guard let stored = try begunConfiguration() else { return }
    let differences = configuration.differences(from: stored)
    guard !differences.isEmpty else { return }
    throw Failure(
      .configuration, "\(path) holds a run of another configuration: \(differences.joined(separator: ", ")).",
      hint: "Give the same configuration to go on, or choose another \(.output) for a new run.")
  }

  /// The configuration of the run that the folder holds; nil where there is none, or it came to no checkpoint and binds nobody.
  ///
  /// - Throws: `Failure` of kind `configuration` or `inputOutput` where it cannot be read.
  func begunConfiguration() throws(Failure) -> TrainingConfiguration? {
    guard FileSystem.exists(configurationFile), try !Checkpoint.list(checkpointFolder).isEmpty else { return nil }
    return try ConfigurationReader.read(path: configurationFile)
  }

  /// The last picture of reconstructions of steps up to `step`; nil where there is none.
  ///
  /// - Throws: `Failure` of kind `inputOutput` or `noInput` where the folder cannot be read.
  package func picture(upTo step: Int) throws(Failure) -> String? {
    guard FileSystem.exists(pictureFolder) else { return nil }
    let names = try FileSystem.names(in: pictureFolder).filter { $0.hasPrefix("step-") && $0.hasSuffix(".png") }
    // Names of equal length are in the order of their steps.
    let last = names.filter { $0 <= Checkpoint.name(ofStep: step) + ".png" }.max()
    return last.map(pictureFolder.appending(path:))
  }

  /// Removes what a killed process left unfinished; only for who holds the folder's lock.
  func removeLeftovers() {
    for folder in [path, checkpointFolder, pictureFolder] { Publication.removeLeftovers(in: folder) }
  }

  /// Writes `config.yaml`.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  package func write(_ configuration: TrainingConfiguration) throws {
    try Publication.publishText(configuration.resolved(documented: true), at: configurationFile)
  }

  /// Writes that the run has ended after `step`: ``completionMarker`` or ``stopMarker``.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  func mark(step: Int, isComplete: Bool) throws {
    try Publication.publishText("{\"step\": \(step)}\n", at: isComplete ? completionMarker : stopMarker)
  }

  /// Removes the markers of a run that goes on.
  ///
  /// - Throws: `Failure` of kind `inputOutput`.
  func removeMarkers() throws(Failure) {
    for marker in [completionMarker, stopMarker] { try FileSystem.remove(marker) }
  }
}
