import CroCoModel
import Foundation
import Runtime
import Storage

/// A checkpoint folder on disk whose files have been verified.
package struct Checkpoint: Sendable {
  /// The file of the network's weights, under official names.
  package static let modelFile = "model.safetensors"
  /// The file of the optimiser's moments.
  package static let optimizerFile = "optimizer.safetensors"
  /// The file of the running mean of the weights, of runs with `optimizer.ema_decay`; under official names, too.
  package static let averageFile = "ema.safetensors"
  /// The file of everything else.
  package static let stateFile = "state.json"

  /// The folder.
  package let path: String
  /// What `state.json` says.
  package let state: CheckpointState

  /// Opens a checkpoint and compares the digests of its files.
  ///
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the file.
  package init(path: String) throws(Failure) {
    self.path = path
    state = try CheckpointState.read(path.appending(path: Self.stateFile))
    for name in [Self.modelFile, Self.optimizerFile] + (hasAverage ? [Self.averageFile] : []) {
      guard let recorded = state.files[name] else {
        throw Failure(.badData, "\(path)/\(Self.stateFile) has no digest of \(name).")
      }
      let actual = try FileDigest(ofFile: path.appending(path: name)).description
      guard actual == recorded else {
        throw Failure(
          .badData, "\(path)/\(name) is damaged: its XXH3 digest is \(actual), \(Self.stateFile) says \(recorded).")
      }
    }
  }

  /// Whether it holds a running mean of the weights.
  package var hasAverage: Bool { state.files[Self.averageFile] != nil }

  /// The configuration of the run that wrote it.
  ///
  /// - Throws: `Failure` of kind `configuration` where this program does not know its keys.
  package var configuration: TrainingConfiguration {
    get throws(Failure) {
      try ConfigurationReader.parse(state.configuration, name: path.appending(path: Self.stateFile))
    }
  }

  /// Fills values and moments of all parameters; the network's names and shapes must match exactly. A running mean that a branch
  /// keeps and its run did not begins with the values.
  ///
  /// - Throws: `Failure` of kind `badData` that names the tensors.
  package func restore(
    _ parameters: ParameterStore, _ moments: Moments, buffers: [ModelBuffer]
  ) throws(Failure) {
    let model = try SafetensorsReader(path: path.appending(path: Self.modelFile))
    try TensorTable(parameters, over: parameters.values).read(from: model, buffers: buffers)
    let optimizer = try SafetensorsReader(path: path.appending(path: Self.optimizerFile))
    try Checkpointer.momentTable(parameters, moments).read(from: optimizer)
    if let average = moments.average, !hasAverage {
      memcpy(average.pointer, parameters.values.pointer, parameters.count * MemoryLayout<Float>.stride)
    } else if let average = moments.average {
      let file = try SafetensorsReader(path: path.appending(path: Self.averageFile))
      try TensorTable(parameters, over: average).read(from: file, buffers: buffers)
    }
  }

  /// The newest checkpoint of `folder` that verifies, and a sentence on each newer one that is damaged; nil where there
  /// is no checkpoint at all.
  ///
  /// - Throws: `Failure` of kind `badData` where all are damaged, `inputOutput` where one cannot be read now: a run must
  ///   not begin anew because a file system has a bad day.
  package static func newest(in folder: String) throws(Failure) -> (checkpoint: Checkpoint?, passedOver: [String]) {
    var passedOver: [String] = []
    for (_, path) in try list(folder).reversed() {
      do throws(Failure) {
        return (try Checkpoint(path: path), passedOver)
      } catch {
        guard error.kind != .inputOutput else { throw error }
        passedOver.append("Passed over \(path): \(error)")
      }
    }
    guard passedOver.isEmpty else {
      throw Failure(
        .badData, "No checkpoint in \(folder) is whole. \(passedOver.joined(separator: " "))",
        hint: "Remove \(folder) to begin anew, or choose another \(.output).")
    }
    return (nil, [])
  }

  /// The checkpoint that a path means: a checkpoint folder, or the newest whole one of a run folder or its `checkpoints`,
  /// with a sentence on each newer one that is damaged.
  ///
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the path.
  static func find(_ path: String) throws(Failure) -> (checkpoint: Checkpoint, passedOver: [String]) {
    for folder in [path, RunFolder(path).checkpointFolder] {
      let (checkpoint, passedOver) = try newest(in: folder)
      if let checkpoint { return (checkpoint, passedOver) }
    }
    guard FileSystem.exists(path.appending(path: stateFile)) else {
      throw Failure(.noInput, "\(path) holds no checkpoint.", hint: "Name a run folder or a checkpoint folder.")
    }
    return (try Checkpoint(path: path), [])
  }

  /// The checkpoint folders of `folder` by ascending step, verified or not; none where there is no such folder.
  ///
  /// - Throws: `Failure` of kind `inputOutput` or `noInput` where the folder cannot be read now.
  package static func list(_ folder: String) throws(Failure) -> [(step: Int, path: String)] {
    let found = try FileSystem.names(in: folder).compactMap { name -> (step: Int, path: String)? in
      guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)) else { return nil }
      return (step, folder.appending(path: name))
    }
    return found.sorted { $0.step < $1.step }
  }

  /// The name of the folder after `step` steps: "step-00001000".
  package static func name(ofStep step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  /// Writes the network's weights alone, as `model.safetensors` of a checkpoint has them.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  package static func writeWeights(
    _ parameters: ParameterStore, buffers: [ModelBuffer], configuration: ModelConfiguration, to path: String
  ) throws(Failure) {
    try TensorTable(parameters, over: parameters.values).write(
      to: path, buffers: buffers, metadata: weightsMetadata(configuration))
  }

  /// Reads the network's weights alone, strictly.
  ///
  /// - Throws: `Failure` of kind `badData` that names the file and the tensors.
  package static func readWeights(
    _ file: any TensorFile, into parameters: ParameterStore, buffers: [ModelBuffer]
  ) throws(Failure) {
    try TensorTable(parameters, over: parameters.values).read(from: file, buffers: buffers)
  }

  /// What a weights file says of its network: nothing that two equal networks could differ in.
  static func weightsMetadata(_ configuration: ModelConfiguration) -> [String: String] {
    ["format": "pt", "croco_kwargs": configuration.officialArgumentsJSON]
  }
}
