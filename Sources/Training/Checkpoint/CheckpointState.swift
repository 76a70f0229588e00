import Foundation
import Runtime
import Storage

/// `state.json` of a checkpoint: everything beside the tensors that a run needs to go on, and what its files must
/// digest to.
package struct CheckpointState: Codable, Sendable, Equatable {
  /// The newest layout that this program reads.
  package static let currentFormat = 1

  /// The layout of the checkpoint folder.
  package var format = CheckpointState.currentFormat
  /// Completed steps.
  package var step: Int
  /// The seed of every random draw.
  package var seed: UInt64
  /// The resolved configuration as YAML.
  package var configuration: String
  /// The digest of the data set that the run trains on.
  package var dataFingerprint: String
  /// The number of ranks that wrote it; of interest only to people.
  package var worldSize: Int
  /// What computed it: who formed the matrix products, and the kernels of the other passes. nil in older checkpoints.
  package var arithmetic: String?
  /// Versions of the program and its libraries.
  package var versions: [String: String]
  /// Where the weights came from with which the run began; nil for random ones.
  package var initialWeights: String?
  /// The checkpoint of another folder with which a branch began; nil for a run that is none.
  package var branchedFrom: String?
  /// XXH3 digests of the other files, by name.
  package var files: [String: String] = [:]

  /// Describes the state after `step` steps.
  package init(
    step: Int, seed: UInt64, configuration: String, dataFingerprint: String, worldSize: Int, arithmetic: String,
    versions: [String: String]
  ) {
    self.step = step
    self.seed = seed
    self.configuration = configuration
    self.dataFingerprint = dataFingerprint
    self.worldSize = worldSize
    self.arithmetic = arithmetic
    self.versions = versions
  }

  /// That of the newest checkpoint of a run, whether its files are whole or not; nil where there is none.
  package static func newest(in folder: RunFolder) -> CheckpointState? {
    guard let path = (try? Checkpoint.list(folder.checkpointFolder))?.last?.path else { return nil }
    return try? read(path.appending(path: Checkpoint.stateFile))
  }

  /// "croco 0.1.0, kernels AVX-512, openblas ...".
  package var versionText: String? {
    versions.isEmpty
      ? nil : versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }

  /// Reads `state.json`.
  ///
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the file.
  static func read(_ path: String) throws(Failure) -> CheckpointState {
    let data = try Data(File.contents(of: path))
    guard let state = try? JSONDecoder().decode(CheckpointState.self, from: data) else {
      throw Failure(.badData, "\(path) is not the state of a checkpoint.")
    }
    guard state.format <= currentFormat else {
      throw Failure(.badData, "\(path) has format \(state.format); this program reads up to \(currentFormat).")
    }
    return state
  }
}
