import CroCoModel
import Runtime
import Storage

/// Named fp32 memory that is written to, and strictly read from, one safetensors file.
///
/// The memory belongs to the owner, who outlives the table.
struct TensorTable {
  /// One tensor.
  struct Row {
    let name: String
    let shape: [Int]
    let values: UnsafeMutableBufferPointer<Float>
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
  func read(from reader: SafetensorsReader, buffers: [ModelBuffer] = []) throws(Failure) {
    let expected = rows.map { ($0.name, $0.shape) } + buffers.map { ($0.name, $0.shape) }
    try Self.check(reader, expected)
    for row in rows {
      do {
        try reader.withBytes(of: row.name) { UnsafeMutableRawBufferPointer(row.values).copyMemory(from: $0) }
      } catch {
        throw Failure(.badData, "\(reader.path): tensor \(row.name) cannot be read.")
      }
    }
  }

  private static func check(_ reader: SafetensorsReader, _ expected: [(name: String, shape: [Int])]) throws(Failure) {
    let names = Set(expected.map(\.name))
    let missing = expected.map(\.name).filter { reader.entry(named: $0) == nil }
    let extra = reader.entries.map(\.name).filter { !names.contains($0) }
    var misshapen: [String] = []
    for (name, shape) in expected {
      guard let entry = reader.entry(named: name), entry.shape != shape || entry.type != "F32" else { continue }
      misshapen.append("\(name) is \(entry.type) \(entry.shape), not F32 \(shape)")
    }
    var complaints: [String] = []
    if !missing.isEmpty { complaints.append("missing: \(shortList(missing))") }
    if !extra.isEmpty { complaints.append("not in the network: \(shortList(extra))") }
    if !misshapen.isEmpty { complaints.append("of another shape: \(shortList(misshapen))") }
    guard !complaints.isEmpty else { return }
    throw Failure(
      .badData, "\(reader.path) does not fit the configured network; \(complaints.joined(separator: "; ")).",
      hint: "Check the model section of the configuration.")
  }

  private static func shortList(_ items: [String]) -> String {
    let shown = items.prefix(4).joined(separator: ", ")
    return items.count > 4 ? "\(shown) and \(items.count - 4) more" : shown
  }
}

/// A fixed table of a network that is part of its `state_dict` but is not trained: position embeddings.
package typealias ModelBuffer = (name: String, shape: [Int], values: [Float])
