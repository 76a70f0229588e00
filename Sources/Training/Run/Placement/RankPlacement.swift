import Collectives
import Foundation
import Runtime
import Storage

/// Where a rank computes: its host, its cores, and the memory near them.
package struct RankPlacement: Sendable, Hashable, Codable {
  /// The rank's host.
  package let host: String
  /// The cores that it may run on, as the system numbers them; none where that is not known.
  package let cores: [Int]
  /// The NUMA domains of these cores.
  package let domains: [Int]
  /// Whether its cores are all that these domains have.
  package let hasWholeDomains: Bool
  /// Its compute threads.
  package let threads: Int

  /// The placement of a rank on a host with the given domains.
  package init(host: String, cores: IndexRanges, threads: Int, domains: [Int: IndexRanges]) {
    let own = Set(cores.indices)
    let near = domains.filter { !own.isDisjoint(with: $0.value.indices) }
    (self.host, self.threads) = (host, threads)
    self.cores = cores.indices
    self.domains = near.keys.sorted()
    hasWholeDomains = near.values.allSatisfy { own.isSuperset(of: $0.indices) }
  }

  /// The placements of all ranks; collective.
  ///
  /// - Parameter threads: the compute threads of this rank.
  /// - Throws: `Failure` of kind `inputOutput` where communication fails.
  static func gather(threads: Int, by communicator: any Communicator) throws(Failure) -> [RankPlacement] {
    let own = RankPlacement(
      host: communicator.hostName, cores: StartupChecks.cores, threads: threads, domains: NUMADomains.read())
    return try communicator.gatherBytes(JSON.encode(own)).map { bytes in
      guard let placement = try? JSONDecoder().decode(RankPlacement.self, from: Data(bytes)) else {
        preconditionFailure("a rank's placement was not understood: \(String(decoding: bytes, as: UTF8.self))")
      }
      return placement
    }
  }
}
