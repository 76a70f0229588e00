import Foundation
import Kernels

/// Collects intermediate tensors by name while a network runs, for `croco dump` and for tests.
///
/// Names are those of the official modules, with the prefix `act.` in forward and `grad_act.` in backward passes. Several
/// micro-batches follow each other along the first extent. Slabs hand in their rows from several threads.
package final class TensorRecorder: @unchecked Sendable {
  /// A recorded tensor.
  package struct Tensor: Sendable {
    /// The name, with `.img1` or `.img2` for modules that run on both views.
    package let name: String
    /// The extents: [B, tokens, channels].
    package let shape: [Int]
    /// The values.
    package let values: [Float]
  }

  private struct Record {
    var values: [Float]
    let columns: Int
    let isRagged: Bool
  }

  private let lock = NSLock()
  private var order: [String] = []
  private var records: [String: Record] = [:]
  private var prefix = "act."
  private var microBatch = -1
  private let batchSize: Int
  private let visibleCount: Int
  private let patchCount: Int

  /// A recorder for micro-batches of `batchSize` pairs.
  package init(_ configuration: ModelConfiguration, batchSize: Int) {
    self.batchSize = batchSize
    visibleCount = configuration.visibleCount
    patchCount = configuration.patchCount
  }

  /// A forward pass of the next micro-batch begins.
  func beginForward() {
    prefix = "act."
    microBatch += 1
  }

  /// A backward pass of the current micro-batch begins.
  func beginBackward() {
    prefix = "grad_act."
    microBatch = max(0, microBatch)
  }

  /// Keeps a slab's rows of the tensor `name`; `bias` [columns] is added to every row.
  func record<Element: MatrixElement>(
    _ name: String, _ slab: MatrixView<Element>, _ rows: Range<Int>, adding bias: UnsafePointer<Float>? = nil
  ) {
    lock.lock()
    defer { lock.unlock() }
    let isRagged = name.hasPrefix("enc_") || name == "decoder_embed"
    let name = prefix + name
    let microBatchRows = batchSize * (isRagged ? visibleCount + patchCount : patchCount)
    if records[name] == nil { order.append(name) }
    var record = records.removeValue(forKey: name) ?? Record(values: [], columns: slab.columns, isRagged: isRagged)
    let end = (microBatch + 1) * microBatchRows * slab.columns
    if record.values.count < end { record.values += [Float](repeating: 0, count: end - record.values.count) }
    for row in 0..<slab.rows {
      let start = (microBatch * microBatchRows + rows.lowerBound + row) * slab.columns
      for column in 0..<slab.columns {
        record.values[start + column] = slab.row(row)[column].float + (bias?[column] ?? 0)
      }
    }
    records[name] = record
  }

  /// The recorded tensors in the order of their first appearance; ragged ones split into `.img1` and `.img2`.
  package var tensors: [Tensor] {
    lock.lock()
    defer { lock.unlock() }
    return order.flatMap { name in
      let record = records[name]!
      if record.isRagged { return split(name, record) }
      let samples = record.values.count / (patchCount * record.columns)
      return [Tensor(name: name, shape: [samples, patchCount, record.columns], values: record.values)]
    }
  }

  private func split(_ name: String, _ record: Record) -> [Tensor] {
    let perSample = (visibleCount + patchCount) * record.columns
    let visible = visibleCount * record.columns
    let samples = record.values.count / perSample
    var parts: ([Float], [Float]) = ([], [])
    for start in stride(from: 0, to: record.values.count, by: perSample) {
      parts.0 += record.values[start..<start + visible]
      parts.1 += record.values[start + visible..<start + perSample]
    }
    return [
      Tensor(name: name + ".img1", shape: [samples, visibleCount, record.columns], values: parts.0),
      Tensor(name: name + ".img2", shape: [samples, patchCount, record.columns], values: parts.1),
    ]
  }
}
