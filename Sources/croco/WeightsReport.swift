import Foundation
import Runtime
import Storage
import Training

/// What a safetensors file or a checkpoint folder holds, for `croco inspect`.
struct WeightsReport: Encodable {
  /// One tensor.
  struct Tensor: Encodable {
    let name: String
    let type: String
    let shape: [Int]
  }

  /// One safetensors file.
  struct File: Encodable {
    let name: String
    let tensors: [Tensor]
    /// The number of elements of all tensors.
    let elements: Int
    let metadata: [String: String]
  }

  let path: String
  let files: [File]
  /// The text of the checkpoint's `state.json`, or nil.
  let state: String?

  /// Reads the headers.
  ///
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the file.
  init(path: String) throws {
    self.path = path
    guard FileSystem.isFolder(path) else {
      files = [try Self.file(path)]
      state = nil
      return
    }
    let names = try FileSystem.names(in: path).sorted()
    files = try names.filter { $0.hasSuffix(".safetensors") }.map { try Self.file(path.appending(path: $0)) }
    state = (try? Storage.File.contents(of: path.appending(path: Checkpoint.stateFile))).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard !files.isEmpty else {
      throw Failure(
        .badData, "\(path) is neither a data set (no manifest.json) nor a checkpoint (no .safetensors file).")
    }
  }

  private static func file(_ path: String) throws -> File {
    let reader = try SafetensorsReader(path: path)
    return File(
      name: (path as NSString).lastPathComponent,
      tensors: reader.entries.map { Tensor(name: $0.name, type: $0.type, shape: $0.shape) },
      elements: reader.entries.reduce(0) { $0 + $1.count }, metadata: reader.metadata)
  }

  /// The report as lines for people.
  var lines: [String] {
    var lines: [String] = []
    for file in files {
      for tensor in file.tensors {
        lines.append("  \(tensor.name)  \(tensor.type) \(tensor.shape.map(String.init).joined(separator: "x"))")
      }
      lines += file.metadata.sorted { $0.key < $1.key }.map { "  \($0.key) = \($0.value)" }
      lines.append("\(file.name): \(file.tensors.count) tensors, \(file.elements) elements")
    }
    if let state { lines.append("state.json: " + state.trimmingCharacters(in: .whitespacesAndNewlines)) }
    return lines
  }
}
