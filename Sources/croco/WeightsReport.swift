import CroCoModel
import Foundation
import Runtime
import Storage
import Training

/// What a file of weights (safetensors, `.pth`) or a checkpoint folder holds, for `croco inspect`.
struct WeightsReport: Encodable {
  /// One tensor.
  struct Tensor: Encodable {
    let name: String
    let type: String
    let shape: [Int]
  }

  /// One file.
  struct File: Encodable {
    let name: String
    let tensors: [Tensor]
    /// The number of elements of all tensors.
    let elements: Int
    let metadata: [String: String]
  }

  /// The checkpoint of a run with the lowest validation loss.
  struct Best: Encodable {
    let path: String
    let step: Int
    let validationLoss: Double
  }

  let path: String
  let files: [File]
  /// That of the run whose newest checkpoint this is.
  let best: Best?
  /// The text of the checkpoint's `state.json`, or nil.
  let state: String?
  private let checkpoint: Checkpoint?
  private let bestText: String?

  private enum CodingKeys: CodingKey {
    case path, files, best, state
  }

  /// Reads the headers of a checkpoint's files.
  ///
  /// - Parameter best: the best checkpoint of its run, and where it lies.
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the file.
  init(_ checkpoint: Checkpoint, best: (checkpoint: BestCheckpoint, path: String)?) throws {
    self.best = best.map { Best(path: $0.path, step: $0.checkpoint.step, validationLoss: $0.checkpoint.validationLoss) }
    bestText = best.map { "\($0.checkpoint.text): \($0.path)" }
    path = checkpoint.path
    files = try [Checkpoint.modelFile, Checkpoint.optimizerFile].map {
      try Self.file(checkpoint.path.appending(path: $0))
    }
    let text = try Storage.File.contents(of: path.appending(path: Checkpoint.stateFile))
    state = String(decoding: text, as: UTF8.self)
    self.checkpoint = checkpoint
  }

  /// Reads the headers of a file, or of all safetensors files in a folder.
  ///
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the file.
  init(path: String) throws {
    self.path = path
    (state, checkpoint, best, bestText) = (nil, nil, nil, nil)
    guard FileSystem.isFolder(path) else {
      files = [try Self.file(path)]
      return
    }
    let names = try FileSystem.names(in: path).filter { $0.hasSuffix(".safetensors") }.sorted()
    files = try names.map { try Self.file(path.appending(path: $0)) }
    guard !files.isEmpty else {
      throw Failure(
        .badData, "\(path) is neither a data set (no manifest.json) nor a run or a checkpoint (no .safetensors file).")
    }
  }

  private static func file(_ path: String) throws -> File {
    let file = try TensorFiles.open(path)
    return File(
      name: (path as NSString).lastPathComponent,
      tensors: file.tensors.map { Tensor(name: $0.name, type: $0.type, shape: $0.shape) },
      elements: file.tensors.reduce(0) { $0 + $1.count }, metadata: file.metadata)
  }

  /// The report as lines for people: first what matters, then every tensor.
  var lines: [String] {
    var lines = checkpoint.map { Self.summary($0) } ?? ["\(path):"]
    if let bestText { lines.append("  best checkpoint of this run: \(bestText)") }
    for file in files {
      lines.append("  \(file.name): \(counted(file.tensors.count, "tensor")), \(counted(file.elements, "element"))")
    }
    for file in files {
      lines += ["", "\(file.name):"] + file.metadata.sorted { $0.key < $1.key }.map { "  \($0.key) = \($0.value)" }
      for tensor in file.tensors {
        lines.append("  \(tensor.name)  \(tensor.type) \(tensor.shape.map(String.init).joined(separator: "x"))")
      }
    }
    if let checkpoint { lines += ["", "configuration:", checkpoint.state.configuration] }
    return lines
  }

  private static func summary(_ checkpoint: Checkpoint) -> [String] {
    let state = checkpoint.state
    var lines = ["\(checkpoint.path): checkpoint after \(counted(state.step, "step")); its files are whole"]
    if let configuration = try? checkpoint.configuration { lines.append("  \(configuration.model.summary)") }
    if let origin = state.initialWeights { lines.append("  began with \(origin)") }
    if let branch = state.branchedFrom { lines.append("  a branch of \(branch)") }
    lines.append("  seed \(state.seed), data set \(state.dataFingerprint)")
    lines.append("  computed on \(counted(state.worldSize, "rank"))" + (state.arithmetic.map { ", \($0)" } ?? ""))
    if let versions = state.versionText { lines.append("  versions: \(versions)") }
    return lines
  }
}
