import CroCoModel
import Dispatch
import Foundation
import Runtime
import Storage
import Synchronization

/// Writes checkpoints from a snapshot in a background thread, one at a time, while training goes on.
///
/// A checkpoint appears under its name complete and flushed, or not at all.
package final class Checkpointer: @unchecked Sendable {
  private let run: RunFolder
  private var folder: String { run.checkpointFolder }
  private let keep: Int
  private let keepsAverage: Bool
  private let parameters: ParameterStore
  private let buffers: [ModelBuffer]
  private let metadata: [String: String]
  private let queue = DispatchQueue(label: "croco.checkpoints")
  private let failure = Mutex<Failure?>(nil)

  // Copies of values and moments of all parameters; written after the queue has run dry, then read by the queue only.
  private lazy var values = AlignedBuffer<Float>(count: parameters.count)
  private lazy var moments = Moments(count: parameters.count, withAverage: keepsAverage)

  /// Prepares to write checkpoints into the folder of a run, and removes what a killed writer left there.
  ///
  /// - Parameters:
  ///   - keep: how many of the newest checkpoints stay, beside the best; 0: all.
  ///   - keepsAverage: whether there is a running mean of the values.
  /// - Throws: `Failure` of kind `inputOutput` where the folder cannot be created.
  package init(
    folder run: RunFolder, keep: Int, keepsAverage: Bool, parameters: ParameterStore, buffers: [ModelBuffer],
    configuration: ModelConfiguration
  ) throws(Failure) {
    self.run = run
    self.keep = keep
    self.keepsAverage = keepsAverage
    self.parameters = parameters
    self.buffers = buffers
    metadata = Checkpoint.weightsMetadata(configuration)
    try FileSystem.createFolder(folder)
    Publication.removeLeftovers(in: folder)
  }

  /// Where the moments of all parameters have to be copied before ``save(_:best:)``; waits for the checkpoint before.
  package func momentsToFill() -> Moments {
    wait()
    return moments
  }

  /// Copies the values and starts writing them and what ``momentsToFill()`` holds; waits first for the checkpoint before.
  ///
  /// - Parameter best: the best of the run's checkpoints, this one included: it stays, and has its link.
  /// - Throws: the `Failure` of the checkpoint before, where that could not be written.
  package func save(_ state: CheckpointState, best: BestCheckpoint?) throws(Failure) {
    try finish()
    memcpy(values.pointer, parameters.values.pointer, values.count * MemoryLayout<Float>.stride)
    queue.async { [self] in
      do {
        try write(state)
        // In this order, so that the link always leads to a checkpoint, whenever the process is killed.
        run.link(best: best)
        removeOld(upTo: state.step, sparing: best?.step)
      } catch let error as Failure {
        failure.withLock { $0 = error }
      } catch {
        failure.withLock { $0 = Failure(.inputOutput, "Cannot write a checkpoint in \(folder): \(error).") }
      }
    }
  }

  /// Waits until the checkpoint in hand is on disk.
  ///
  /// - Throws: the `Failure` that kept it from there.
  package func finish() throws(Failure) {
    wait()
    if let failure = takeFailure() { throw failure }
  }

  /// Waits until nothing is being written.
  package func wait() { queue.sync {} }

  /// The failure of a checkpoint that was written in the background, once.
  package func takeFailure() -> Failure? {
    failure.withLock { stored in
      defer { stored = nil }
      return stored
    }
  }

  /// The moments under the names `exp_avg.` and `exp_avg_sq.` and the parameter's.
  static func momentTable(_ parameters: ParameterStore, _ moments: Moments) -> TensorTable {
    TensorTable(parameters, over: moments.first, prefix: "exp_avg.")
      + TensorTable(parameters, over: moments.second, prefix: "exp_avg_sq.")
  }

  private func write(_ state: CheckpointState) throws {
    let path = folder.appending(path: Checkpoint.name(ofStep: state.step))
    // A folder of that name was passed over or belongs to the course that this run replaces: it goes once the new one is whole.
    try Publication.publishFolder(at: path) {
      try retire(path)
    } fill: { temporary in
      try TensorTable(parameters, over: values).write(
        to: temporary.appending(path: Checkpoint.modelFile), buffers: buffers, metadata: metadata)
      try Self.momentTable(parameters, moments).write(
        to: temporary.appending(path: Checkpoint.optimizerFile), buffers: [], metadata: [:])
      if let average = moments.average {
        try TensorTable(parameters, over: average).write(
          to: temporary.appending(path: Checkpoint.averageFile), buffers: buffers, metadata: metadata)
      }
      var state = state
      let names = [Checkpoint.modelFile, Checkpoint.optimizerFile] + (keepsAverage ? [Checkpoint.averageFile] : [])
      for name in names {
        state.files[name] = try FileDigest(ofFile: temporary.appending(path: name)).description
      }
      try Publication.publishBytes(JSON.encode(state, .page), at: temporary.appending(path: Checkpoint.stateFile))
    }
  }

  /// Folders of later steps are damaged ones that were passed over: they count for nothing until the run comes by again.
  private func removeOld(upTo step: Int, sparing best: Int?) {
    guard keep > 0 else { return }
    let all = (try? Checkpoint.list(folder)) ?? []
    let old = all.filter { $0.step <= step }.dropLast(keep)
    for (_, path) in old.filter({ $0.step != best }) { try? retire(path) }
  }

  /// Removes a checkpoint, under another name so that a kill leaves no half of it that looks whole.
  private func retire(_ path: String) throws(Failure) {
    guard FileSystem.exists(path) else { return }
    let doomed = path + Publication.temporaryMarker + "old"
    try? FileSystem.removeTree(doomed)
    try FileSystem.rename(path, to: doomed)
    try? FileSystem.removeTree(doomed)
  }
}
