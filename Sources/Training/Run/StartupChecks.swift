import Collectives
import Foundation
import Kernels
import Runtime
import Storage

/// What is worth a warning before hours of computation, and what the run's log says of its machine.
package struct StartupChecks {
  /// The number of cores that this process may run on.
  static var availableCores: Int {
    let cores = cores.indices
    return cores.isEmpty ? ProcessInfo.processInfo.activeProcessorCount : cores.count
  }

  /// The cores that this process may run on: `Cpus_allowed_list` of /proc/self/status on Linux, which heeds binding; none where
  /// the system does not tell.
  static var cores: IndexRanges {
    let status = (try? File.contents(of: "/proc/self/status")).map { String(decoding: $0, as: UTF8.self) }
    let line = status?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
    let list = line.map { $0.dropFirst("Cpus_allowed_list:".count).trimmingCharacters(in: .whitespaces) }
    return list.flatMap { IndexRanges($0) } ?? IndexRanges([])
  }

  /// The compute threads of a rank where the configuration leaves them open: its cores, shared where ranks are not
  /// bound.
  ///
  /// Ranks of a host that may run on the very same cores, bound or not, in a container or not, share them.
  package static func threads(configured: Int?, ranksSharingCores: Int = 1) -> Int {
    configured ?? max(1, availableCores / max(1, ranksSharingCores))
  }

  /// The compute threads of this rank, with ``threads(configured:ranksSharingCores:)``; collective.
  package static func threads(configured: Int?, of communicator: any Communicator) throws(Failure) -> Int {
    let places = try communicator.gatherBytes(Array("\(communicator.hostName) \(cores.text)".utf8))
    return threads(configured: configured, ranksSharingCores: places.count { $0 == places[communicator.rank] })
  }

  /// One sentence for each thing that looks wrong.
  package static func warnings(threads: Int, slabs: Int, environment: [String: String]) -> [String] {
    var warnings: [String] = []
    if MatrixProducts.floatIsOpenBLAS, let core = environment["OPENBLAS_CORETYPE"] {
      warnings.append(
        "OPENBLAS_CORETYPE=\(core) forces OpenBLAS to the kernels of another processor (\(OpenBLAS.coreName)), which may "
          + "halve the speed; unset it.")
    }
    if threads > availableCores {
      warnings.append(
        "\(threads) threads share the \(availableCores) cores that this rank may run on; lower compute.threads, or "
          + "bind more cores to a rank (mpirun --map-by ppr:R:node:PE=T --bind-to core).")
    }
    if threads > slabs {
      warnings.append("compute.slabs is \(slabs): only so many of the \(threads) threads have work in a pass.")
    }
    return warnings
  }
}
