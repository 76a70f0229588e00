import CroCoModel
import Runtime
import Storage

/// Named fp32 memory that is written to, and strictly read from, one file of tensors.
///
/// The memory belongs to the owner, who outlives the table.
struct TensorTable {
  /// One tensor.
  struct Row {
    let name: String
    let shape: [Int]
    let values: UnsafeMutableBufferPointer<Float>

    /// Takes the values of the file's tensor of this name, whose shape fits.
    ///
    /// - Throws: `Failure` of kind `badData` that names the tensor.
    func fill(from file: any TensorFile) throws(Failure) {
      _ = values.update(fromContentsOf: try file.floats(of: name))
    }
  }

  private(set) var rows: [Row] = []

  /// The parameters of a store, laid over `memory` ([count]), which may be its values, a snapshot of them or a moment.
  init(_ parameters: ParameterStore, over memory: AlignedBuffer<Float>, prefix: String = "") {
    precondition(memory.count == parameters.count, "\(memory.count) floats cannot hold \(parameters.count) parameters")
    rows = parameters.parameters.map { parameter in
      Row(
        name: prefix + parameter.name, shape: parameter.shape,
        values: UnsafeMutableBufferPointer(rebasing: memory.elements[parameter.range]))
    }
  }

  /// Both tables in a row.
  static func + (first: TensorTable, second: TensorTable) -> TensorTable {
    var sum = first
    sum.rows += second.rows
    return sum
  }

  /// Writes all rows, then `buffers`, in order; equal values give equal bytes.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  func write(to path: String, buffers: [ModelBuffer], metadata: [String: String]) throws(Failure) {
    var writer = SafetensorsWriter(metadata: metadata)
    for row in rows {
      writer.addUnowned(row.name, type: "F32", shape: row.shape, bytes: UnsafeRawBufferPointer(row.values))
    }
    for buffer in buffers { writer.add(buffer.name, shape: buffer.shape, buffer.values) }
    try writer.write(to: path)
  }

  /// Fills all rows from a file that has exactly these tensors and `buffers`.
  ///
  /// - Throws: `Failure` of kind `badData` that names the missing, extra, misshapen or mistyped tensors.
  func read(from file: any TensorFile, buffers: [ModelBuffer] = []) throws(Failure) {
    let expected = rows.map { ($0.name, $0.shape) } + buffers.map { ($0.name, $0.shape) }
    let mismatch = TensorMismatch(file, expected)
    guard mismatch.isEmpty else { throw mismatch.failure(hint: "Check the model section of the configuration.") }
    for row in rows { try row.fill(from: file) }
  }
}

/// A fixed table of a network that is part of its `state_dict` but is not trained: position embeddings.
package typealias ModelBuffer = (name: String, shape: [Int], values: [Float])
