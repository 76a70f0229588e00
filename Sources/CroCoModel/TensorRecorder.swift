import Foundation
import Tensors

/// Collects intermediate tensors by name while a network runs, for `croco dump` and for tests.
///
/// Slabs hand in their rows, from several threads. Names are those of the official modules.
public final class TensorRecorder: @unchecked Sendable {
  /// A recorded tensor.
  public struct Tensor: Sendable {
    /// The name, with `.img1` or `.img2` for modules that run on both views.
    public let name: String
    /// The extents: [B, tokens, channels].
    public let shape: [Int]
    /// The values.
    public let values: [Float]
  }

  private struct Record {
    var values: [Float]
    let columns: Int
  }

  private let lock = NSLock()
  private var order: [String] = []
  private var records: [String: Record] = [:]
  private let batchSize: Int
  private let visibleCount: Int
  private let patchCount: Int

  /// A recorder for batches of `batchSize` pairs.
  public init(_ configuration: ModelConfiguration, batchSize: Int) {
    self.batchSize = batchSize
    visibleCount = configuration.visibleCount
    patchCount = configuration.patchCount
  }

  /// Keeps a slab's rows of the tensor `name`; `bias` [columns] is added to every row.
  func record(_ name: String, _ slab: Matrix, _ rows: Range<Int>, adding bias: UnsafePointer<Float>? = nil) {
    lock.lock()
    defer { lock.unlock() }
    let total = batchSize * (Self.isRagged(name) ? visibleCount + patchCount : patchCount)
    if records[name] == nil {
      order.append(name)
      records[name] = Record(
        values: [Float](repeating: 0, count: total * slab.columns), columns: slab.columns)
    }
    for row in 0..<slab.rows {
      for column in 0..<slab.columns {
        records[name]!.values[(rows.lowerBound + row) * slab.columns + column] =
          slab.row(row)[column] + (bias?[column] ?? 0)
      }
    }
  }

  /// The recorded tensors in the order of their first appearance; ragged ones split into `.img1` and `.img2`.
  public var tensors: [Tensor] {
    lock.lock()
    defer { lock.unlock() }
    return order.flatMap { name in
      let record = records[name]!
      guard Self.isRagged(name) else {
        return [Tensor(name: name, shape: [batchSize, patchCount, record.columns], values: record.values)]
      }
      return split(name, record)
    }
  }

  /// Whether a module runs on the ragged batch of both views.
  private static func isRagged(_ name: String) -> Bool { name.hasPrefix("enc_") || name == "decoder_embed" }

  private func split(_ name: String, _ record: Record) -> [Tensor] {
    let perSample = (visibleCount + patchCount) * record.columns
    let visible = visibleCount * record.columns
    var parts: ([Float], [Float]) = ([], [])
    for sample in 0..<batchSize {
      let start = sample * perSample
      parts.0 += record.values[start..<start + visible]
      parts.1 += record.values[start + visible..<start + perSample]
    }
    return [
      Tensor(name: name + ".img1", shape: [batchSize, visibleCount, record.columns], values: parts.0),
      Tensor(name: name + ".img2", shape: [batchSize, patchCount, record.columns], values: parts.1),
    ]
  }
}
