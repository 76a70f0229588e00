import CroCoModel
import Foundation
import Runtime
import Storage

/// The weights of another network with which a new run begins: `model.initial_weights`.
package struct InitialWeights {
  /// Where they came from, for the run's records: path, step and digest.
  package let origin: String
  /// What the run's log should say of them.
  package let warnings: [String]

  private let file: any TensorFile
  private let rows: [TensorTable.Row]

  /// Finds the weights and compares them with the network; nil where the configuration names none.
  ///
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the file and the tensors.
  package init?(_ configuration: TrainingConfiguration, for parameters: ParameterStore) throws(Failure) {
    let chosen = configuration.initialWeights
    guard let path = chosen.path else { return nil }
    let (weights, step, passedOver) = try Self.find(path)
    let opened = try TensorFiles.open(weights)
    let file = try Self.named(opened, configuration)
    let own = TensorTable(parameters, over: parameters.values).rows.filter { chosen.parts.contains($0.name) }
    let tables = CroCoNet.buffers(configuration.model).filter { chosen.parts.contains($0.name) }
    let tableWarnings = try Self.check(tables, configuration, file)
    let mismatch = TensorMismatch(file, own.map { ($0.name, $0.shape) }) {
      chosen.parts.contains($0) && !Self.tableNames.contains($0)
    }
    rows = own.filter { file.tensor(named: $0.name) != nil }
    guard mismatch.misshapen.isEmpty, !rows.isEmpty, mismatch.isEmpty || !chosen.isStrict else {
      let isShape = !mismatch.misshapen.isEmpty || rows.isEmpty
      throw mismatch.failure(
        hint: isShape
          ? "Check the model section of the configuration." : "model.initial_strict: false goes on without these.")
    }
    self.file = file
    origin = try "\(weights)\(step.map { " after step \($0)" } ?? ""), XXH3 \(FileDigest(ofFile: weights))"
    let leftOut = mismatch.isEmpty ? [] : ["\(weights) does not fit in all: \(mismatch.text)."]
    warnings = passedOver + tableWarnings + leftOut + (opened.conversion.map { [$0] } ?? [])
  }

  /// Gives the network the values; parameters that the file lacks keep theirs.
  ///
  /// - Throws: `Failure` of kind `badData` that names the tensor.
  package func fill() throws(Failure) {
    for row in rows { try row.fill(from: file) }
  }

  private typealias Found = (path: String, step: Int?, passedOver: [String])

  private static func find(_ path: String) throws(Failure) -> Found {
    switch try TrainedSource(path) {
    case .checkpoint(let checkpoint, let passedOver):
      return (checkpoint.path.appending(path: Checkpoint.modelFile), checkpoint.state.step, passedOver)
    case .weights(let path): return (path, nil, [])
    }
  }

  /// The file under CroCo's names, where it is of another network for single images.
  private static func named(
    _ file: any TensorFile, _ configuration: TrainingConfiguration
  ) throws(Failure) -> any TensorFile {
    guard SingleViewEncoder.isLikely(file) else { return file }
    guard configuration.initialWeights.parts == .encoder else {
      throw Failure(
        .configuration, "\(file.path) holds a network for single images, which has an encoder alone.",
        hint: "Set model.initial_parts to encoder; the decoder begins random then.")
    }
    return try SingleViewEncoder(file, for: configuration.model)
  }

  private static let tableNames: Set = ["enc_pos_embed", "dec_pos_embed"]

  /// The network adds its own tables to tokens, which must be those that the weights were trained with, interpolated where
  /// images have another size.
  ///
  /// - Returns: a sentence on each table of the file that the run does without.
  private static func check(
    _ tables: [ModelBuffer], _ configuration: TrainingConfiguration, _ file: any TensorFile
  ) throws(Failure) -> [String] {
    let model = configuration.model
    var warnings: [String] = []
    let own = model.positionGrid ?? [model.gridHeight, model.gridWidth]
    for table in tables {
      // Where the channels differ, parameters do as well, and say so.
      guard let found = file.tensor(named: table.name), let dimension = table.shape.last, found.shape.last == dimension
      else { continue }
      let values = try file.floats(of: table.name)
      if ModelConfiguration.areEqualTables(values, table.values) { continue }
      guard let grid = model.positionGrid(of: values, dimension: dimension) else {
        let fault = "\(file.path) has a table \(table.name) of its own, which croco cannot form"
        guard configuration.initialWeights.isStrict else {
          warnings.append("\(fault): the network has its sine-cosine table instead, to which it must adapt.")
          continue
        }
        throw Failure(
          .badData, "\(fault).",
          hint: "Use weights with sine-cosine tables, or RoPE; model.initial_strict: false goes on without the table.")
      }
      if grid == own { continue }
      throw Failure(
        .configuration,
        "\(file.path) was trained with sine-cosine tables for a grid of \(grid[0]) x \(grid[1]) patches, and the images of "
          + "this run have \(model.gridHeight) x \(model.gridWidth).",
        hint: "Set model.position_grid to [\(grid[0]), \(grid[1])]: the tables are interpolated then.")
    }
    return warnings
  }
}
