import Collectives
import Foundation
import Tensors

/// What is worth a warning before hours of computation, and what the run's log says of its machine.
public struct StartupChecks {
  /// Cores that this process may run on: `Cpus_allowed` of /proc/self/status on Linux, which heeds binding.
  static var availableCores: Int {
    let status = FileManager.default.contents(atPath: "/proc/self/status").map { String(decoding: $0, as: UTF8.self) }
    let line = status?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }
    let bits = line?.dropFirst("Cpus_allowed:".count).reduce(0) { $0 + ($1.hexDigitValue ?? 0).nonzeroBitCount } ?? 0
    return bits > 0 ? bits : ProcessInfo.processInfo.activeProcessorCount
  }

  /// The compute threads of a rank where the configuration leaves them open: its cores, shared where ranks are not
  /// bound.
  ///
  /// Ranks that mpirun binds see only their own cores; unbound ranks of a host share them all.
  public static func threads(configured: Int?, ranksOfHost: Int) -> Int {
    if let configured { return configured }
    let online = ProcessInfo.processInfo.activeProcessorCount
    let isBound = availableCores < online
    return max(1, isBound ? availableCores : availableCores / max(1, ranksOfHost))
  }

  /// One sentence for each thing that looks wrong.
  static func warnings(threads: Int, slabs: Int, environment: [String: String]) -> [String] {
    var warnings: [String] = []
    if let core = environment["OPENBLAS_CORETYPE"] {
      warnings.append(
        "OPENBLAS_CORETYPE=\(core) forces OpenBLAS to the kernels of another processor (\(BLAS.coreName)), which may "
          + "halve the speed; unset it.")
    }
    if threads > availableCores {
      warnings.append(
        "\(threads) threads share the \(availableCores) cores that this rank may run on; lower compute.threads, or "
          + "bind more cores to a rank (mpirun --map-by ppr:R:node:PE=T --bind-to core).")
    }
    if threads > slabs {
      warnings.append("compute.slabs is \(slabs): only so many of the \(threads) threads have work in a micro-batch.")
    }
    return warnings
  }
}
