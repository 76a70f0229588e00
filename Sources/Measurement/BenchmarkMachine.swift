import Collectives
import Foundation
import Kernels
import Runtime
import Training

/// Where and on how many cores a measurement was made.
package struct BenchmarkMachine: Sendable, Equatable, Encodable {
  /// Rank 0's host.
  package let host: String
  /// The processor's name, as the system gives it.
  package let processor: String
  /// Cores of the host.
  package let cores: Int
  /// Ranks.
  package let ranks: Int
  /// Compute threads of this rank.
  package let threads: Int
  /// The kernels that OpenBLAS chose.
  package let blasCore: String
  /// OpenBLAS's version and build options.
  package let blasConfiguration: String
  /// The clone of croco's own kernels.
  package let kernels: String
  /// What forms products of fp32.
  package let float: String
  /// What forms products of bf16, or why nothing can.
  package let bfloat16: String
  /// One sentence for each thing that may spoil the figures.
  package let warnings: [String]

  /// Describes this rank. Collective.
  ///
  /// - Parameters:
  ///   - threads: of a rank; nil: its cores.
  ///   - slabs: pieces of a micro-batch, or nil where there are none.
  /// - Throws: `Failure` of kind `inputOutput` where communication fails.
  init(threads: Int?, slabs: Int?, communicator: any Communicator) throws(Failure) {
    let threads = try StartupChecks.threads(configured: threads, of: communicator)
    self.threads = threads
    host = communicator.hostName
    processor = Self.processorName
    cores = ProcessInfo.processInfo.processorCount
    ranks = communicator.size
    blasCore = OpenBLAS.coreName
    blasConfiguration = OpenBLAS.configuration
    kernels = Processor.kernelLevel
    float = MatrixProducts.fp32
    bfloat16 = MatrixProducts.bfloat16 ?? MatrixProducts.bfloat16Obstacle ?? ""
    warnings = StartupChecks.warnings(
      threads: threads, slabs: slabs ?? threads, environment: ProcessInfo.processInfo.environment)
  }

  /// The model name of /proc/cpuinfo.
  private static var processorName: String {
    guard let text = FileManager.default.contents(atPath: "/proc/cpuinfo") else { return "unknown" }
    let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces) ?? "unknown"
  }
}

extension Communicator {
  /// Every rank's values, by rank. Collective; all ranks give equally many.
  func gatherValues(_ values: [Double]) throws(Failure) -> [[Double]] {
    var all = [Double](repeating: 0, count: size * values.count)
    all.replaceSubrange(rank * values.count..<(rank + 1) * values.count, with: values)
    try sumInRankOrder(&all)
    return (0..<size).map { Array(all[$0 * values.count..<($0 + 1) * values.count]) }
  }

  /// The largest over the ranks of each value: what a step that waits for all ranks takes. Collective.
  func slowest(_ values: [Double]) throws(Failure) -> [Double] {
    let all = try gatherValues(values)
    return values.indices.map { index in all.map { $0[index] }.max() ?? values[index] }
  }

  /// The sum over the ranks of each value. Collective.
  func total(_ values: [Double]) throws(Failure) -> [Double] {
    var sums = values
    try sumInRankOrder(&sums)
    return sums
  }
}
