import Collectives
import CroCoModel
import Foundation
import Kernels
import Runtime
import Storage

/// What decides the last bits of a rank's results beside the configuration: ranks that differ in it train together, but the
/// result is that of no single kind of machine, and depends on which rank computes what.
package struct RankArithmetic: Sendable, Equatable, Codable {
  /// The rank's host.
  package let host: String
  /// By what the trait is called, such as "kernels".
  package let traits: [String: String]

  /// Traits of a rank.
  package init(host: String, traits: [String: String]) { (self.host, self.traits) = (host, traits) }

  /// Those of this process.
  ///
  /// - Parameter version: that of croco.
  init(_ precision: Precision, host: String, version: String, environment: [String: String]) {
    self.host = host
    var traits = [
      "croco": version, "precision": precision.rawValue, "products": precision.products,
      "kernels": Processor.kernelLevel,
    ]
    // Two builds of one version may have been made by other compilers.
    if let digest = try? FileDigest(ofFile: "/proc/self/exe") { traits["build"] = String(digest.description.prefix(8)) }
    if MatrixProducts.floatIsOpenBLAS { traits["OpenBLAS"] = OpenBLAS.configuration }
    for (name, value) in environment where Self.changesArithmetic(name) { traits[name] = value }
    self.traits = traits
  }

  private static func changesArithmetic(_ variable: String) -> Bool {
    // oneDNN knows its variables by two names. OpenBLAS is held at one thread whatever they say.
    if ["CROCO_COLUMNS", "OPENBLAS_NUM_THREADS"].contains(variable) { return false }
    if variable.hasPrefix("OPENBLAS_") { return MatrixProducts.floatIsOpenBLAS }
    return ["CROCO_", "ONEDNN_", "DNNL_"].contains(where: variable.hasPrefix)
  }

  /// A clause for each trait in which ranks differ, with the ranks of each value; empty where all are the same.
  package static func differences(between ranks: [RankArithmetic]) -> [String] {
    let names = Set(ranks.flatMap(\.traits.keys)).sorted()
    return names.compactMap { name in
      var values: [(value: String, ranks: [Int])] = []
      for (rank, arithmetic) in ranks.enumerated() {
        let value = arithmetic.traits[name] ?? "not there"
        if let place = values.firstIndex(where: { $0.value == value }) {
          values[place].ranks.append(rank)
        } else {
          values.append((value, [rank]))
        }
      }
      guard values.count > 1 else { return nil }
      let parts = values.map { "\($0.value) on \(RankList($0.ranks, hosts: $0.ranks.map { ranks[$0].host }).text())" }
      return "\(name): \(parts.joined(separator: ", "))"
    }
  }
}

extension RunContext {
  /// Compares the arithmetic of the ranks; collective.
  ///
  /// - Parameter version: that of croco.
  /// - Returns: a warning where ranks differ, nil where all compute alike.
  /// - Throws: the same `Failure` on every rank: of kind `configuration` where they must not differ, `inputOutput` where
  ///   communication fails.
  func compareArithmetic(version: String) throws(Failure) -> String? {
    guard communicator.size > 1 else { return nil }
    let own = RankArithmetic(
      configuration.compute.precision, host: communicator.hostName, version: version,
      environment: ProcessInfo.processInfo.environment)
    let all = try communicator.gatherBytes(JSON.encode(own)).map {
      // Another version of croco may tell other things of itself.
      (try? JSONDecoder().decode(RankArithmetic.self, from: Data($0))) ?? RankArithmetic(host: "?", traits: [:])
    }
    let differences = RankArithmetic.differences(between: all)
    guard !differences.isEmpty else { return nil }
    let sentence =
      "Ranks compute in different ways, so that last bits depend on which rank computes what: "
      + differences.joined(separator: "; ") + "."
    let remedy = "Take hosts of one kind with the same croco, and give all ranks the same variables"
    guard configuration.compute.requireSameArithmetic else {
      return "\(sentence) \(remedy); compute.require_same_arithmetic refuses such a mixture."
    }
    throw Failure(
      .configuration, sentence, hint: "\(remedy); or set compute.require_same_arithmetic to false.")
  }
}
