import Collectives
import CroCoModel
import Foundation
import Runtime
import Training

/// What a run will cost, counted from its configuration without running it: `--dry-run`.
package struct RunEstimate: Sendable, Equatable {
  /// Trainable parameters.
  package let parameterCount: Int
  /// Ranks.
  package var rankCount: Int { layout.size }
  /// Who shares a host.
  package let layout: RankLayout
  /// Compute threads of a rank.
  package let threads: Int
  /// The memory of a rank at its highest.
  package let memory: MemoryEstimate
  /// Bytes of a checkpoint on disk.
  package let checkpointBytes: Int
  /// Bytes that the host with the most sends to others a step, about.
  package let sentBytes: Int
  /// Floating-point operations of a step, over all ranks.
  package let operations: Double

  /// Counts for the ranks of `layout` with so many threads each.
  ///
  /// - Throws: `Failure` of kind `configuration` where there are more ranks than micro-batches.
  package init(_ configuration: TrainingConfiguration, layout: RankLayout, threads: Int) throws(Failure) {
    let (model, compute) = (configuration.model, configuration.compute)
    self.layout = layout
    self.threads = threads
    parameterCount = CroCoNet.declarations(model).reduce(0) { $0 + $1.count }
    memory = try MemoryEstimate(
      configuration, parameterCount: parameterCount, layout: layout, threads: threads)
    let bufferBytes = 4 * parameterCount
    let tableBytes = 4 * CroCoNet.buffers(model).reduce(0) { $0 + $1.values.count }
    let averages = configuration.optimizer.averageDecay == nil ? 0 : 1
    checkpointBytes = (3 + averages) * bufferBytes + (1 + averages) * tableBytes
    let sum = try GradientSum.needs(
      compute.reduction, layout: layout, microBatchCount: configuration.batch.microBatchCount)
    // Then the owners give away what they updated or, where every rank updates all, the sums, if MPI has not done so.
    let gathers = compute.reduction == .reproducible || compute.shardOptimizer ? 1 : 0
    let hosts = layout.hosts.count
    sentBytes = (sum.sent * compute.gradientWire.bytes + gathers * 4) * parameterCount * (hosts - 1) / hosts
    operations = OperationCount(model).forwardAndBackward * Double(configuration.batch.globalBatchSize)
  }

  /// The estimate for people.
  package var text: String {
    let isAlone = rankCount == 1
    let largest = memory.items.first.map { ", the largest part for \($0.name)" } ?? ""
    let lever = memory.items.first.map { [Self.row("  what lowers it", $0.lever)] } ?? []
    let total =
      isAlone
      ? Self.size(memory.firstRankBytes) : "\(Self.size(memory.bytes)); of rank 0 \(Self.size(memory.firstRankBytes))"
    let items = memory.items.map { item in
      Self.row("  " + item.name, Self.size(item.bytes) + (item.isOfFirstRank && !isAlone ? " on rank 0" : ""))
    }
    return
      ([
        Self.row("parameters", "\(parameterCount)"),
        Self.row("memory of a rank", "\(total), with \(threads) \(threads == 1 ? "thread" : "threads")\(largest)"),
      ] + items + lever + [
        Self.row("a checkpoint", Self.size(checkpointBytes)),
        Self.row(
          "a step",
          "\(Self.rounded(operations / 1e9)) GFLOP over all ranks"
            + (sentBytes > 0 ? "; each host sends \(Self.size(sentBytes)) to others" : "")),
      ]).joined(separator: "\n")
  }

  static func row(_ name: String, _ value: String) -> String {
    name.padding(toLength: 28, withPad: " ", startingAt: 0) + " " + value
  }

  static func size(_ bytes: Int) -> String {
    bytes < 10_000_000
      ? "\(rounded(Double(bytes) / 1e6)) MB"
      : bytes < 10_000_000_000
        ? "\(bytes / 1_000_000) MB" : "\(rounded(Double(bytes) / 1e9)) GB"
  }

  private static func rounded(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    return tenths == tenths.rounded() ? String(Int(tenths)) : "\(tenths)"
  }
}
