import Foundation
import Kernels

/// Collects intermediate tensors by name while a network runs: whoever wants to look inside watches through one.
///
/// Names are those of the official modules, with the prefix `act.` in forward and `grad_act.` in backward passes:
/// `act.enc_blocks.3` is what encoder block 3 returns, `act.dec_blocks.7.cross_attn` its cross-attention's output, and
/// `act.dec_blocks.7.cross_attn.map` the probabilities of that attention. Several passes follow each other along
/// the first extent. Threads hand in their rows.
package final class TensorRecorder: @unchecked Sendable {
  /// A recorded tensor.
  package struct Tensor: Sendable {
    /// The name, with `.img1` or `.img2` for modules that run on both views.
    package let name: String
    /// The extents: [B, tokens, channels], or [B, heads, queries, keys] of an attention map.
    package let shape: [Int]
    /// The values.
    package let values: [Float]
  }

  private struct Record {
    var values: [Float] = []
    /// What follows each other within a sample: tokens of each view, or heads.
    let lengths: [Int]
    /// The extents of each of these: channels, or queries and keys.
    let extents: [Int]

    var perSample: Int { lengths.reduce(0, +) * extents.reduce(1, *) }
  }

  private let lock = NSLock()
  private let names: Set<String>?
  private var order: [String] = []
  private var records: [String: Record] = [:]
  private var prefix = "act."
  private var pass = -1

  /// A recorder of the tensors of these names; nil: of all but attention maps.
  package init(_ names: Set<String>? = nil) { self.names = names }

  /// The forward pass of the next pairs begins.
  func beginForward() {
    prefix = "act."
    pass += 1
  }

  /// The backward pass of the current pairs begins.
  func beginBackward() {
    prefix = "grad_act."
    pass = max(0, pass)
  }

  /// Keeps some rows of the tensor `name`, from `firstRow` of all on; `bias` [columns] is added to every row.
  func record<Element: MatrixElement>(
    _ name: String, _ values: MatrixView<Element>, _ tokens: TokenLayout, firstRow: Int,
    adding bias: UnsafePointer<Float>? = nil
  ) {
    let name = prefix + name
    guard names?.contains(name) ?? true else { return }
    store(name, Record(lengths: tokens.lengths, extents: [values.columns]), tokens.batchSize) { all in
      for row in 0..<values.rows {
        let start = (firstRow + row) * values.columns
        for column in 0..<values.columns { all[start + column] = values.row(row)[column].float + (bias?[column] ?? 0) }
      }
    }
  }

  /// Keeps the probabilities of a head within one sequence of a slab: [queries, keys].
  func recordAttention<Element: MatrixElement>(
    _ name: String, _ map: @autoclosure () -> MatrixView<Element>, head: Int, of heads: Int, _ tokens: TokenLayout,
    sequence: Int
  ) {
    let (sample, view) = sequence.quotientAndRemainder(dividingBy: tokens.lengths.count)
    let name = prefix + name + ".map" + (tokens.lengths.count > 1 ? ".img\(view + 1)" : "")
    guard let names, names.contains(name) else { return }
    let map = map()
    store(name, Record(lengths: [heads], extents: [map.rows, map.columns]), tokens.batchSize) { all in
      let start = (sample * heads + head) * map.count
      for row in 0..<map.rows {
        for column in 0..<map.columns { all[start + row * map.columns + column] = map.row(row)[column].float }
      }
    }
  }

  /// Fills in a part of a record: `fill` is given the current pass's values.
  private func store(
    _ name: String, _ empty: Record, _ batchSize: Int, _ fill: (UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    lock.lock()
    defer { lock.unlock() }
    if records[name] == nil { order.append(name) }
    var record = records.removeValue(forKey: name) ?? empty
    let count = batchSize * record.perSample
    let missing = (pass + 1) * count - record.values.count
    if missing > 0 { record.values += [Float](repeating: 0, count: missing) }
    record.values.withUnsafeMutableBufferPointer { values in
      fill(UnsafeMutableBufferPointer(rebasing: values[(pass * count)..<(pass + 1) * count]))
    }
    records[name] = record
  }

  /// The recorded tensors in the order of their first appearance; those of both views split into `.img1` and `.img2`.
  package var tensors: [Tensor] {
    lock.lock()
    defer { lock.unlock() }
    return order.flatMap { split($0, records[$0]!) }
  }

  private func split(_ name: String, _ record: Record) -> [Tensor] {
    let samples = record.values.count / max(1, record.perSample)
    var first = 0
    return record.lengths.enumerated().map { index, length in
      let count = length * record.extents.reduce(1, *)
      var values: [Float] = []
      for sample in 0..<samples {
        let start = sample * record.perSample + first
        values += record.values[start..<start + count]
      }
      first += count
      return Tensor(
        name: record.lengths.count > 1 ? "\(name).img\(index + 1)" : name,
        shape: [samples, length] + record.extents, values: values)
    }
  }
}
