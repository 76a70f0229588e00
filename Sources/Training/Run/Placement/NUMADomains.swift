import Foundation
import Runtime
import Storage

/// The cores of this host by NUMA domain: the memory that is nearest to them.
enum NUMADomains {
  /// Cores by domain, as /sys/devices/system/node has them; domains without cores are left out, and none is known where the
  /// system does not tell.
  static func read() -> [Int: IndexRanges] {
    let folder = "/sys/devices/system/node"
    var domains: [Int: IndexRanges] = [:]
    for domain in list(folder.appending(path: "online"))?.indices ?? [] {
      let cores = list(folder.appending(path: "node\(domain)").appending(path: "cpulist"))
      if let cores, !cores.indices.isEmpty { domains[domain] = cores }
    }
    return domains
  }

  private static func list(_ path: String) -> IndexRanges? {
    guard let bytes = try? File.contents(of: path) else { return nil }
    return IndexRanges(String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
  }
}
