import Storage

/// The memory of a host as a process may use it, in bytes: the system's, or less where a control group limits it.
package struct HostMemory: Sendable, Equatable {
  /// What could be had if nothing else were running.
  package let limit: Int
  /// What can be had now, without swapping.
  package let available: Int

  /// Looks at `/proc/meminfo` and at the control groups of this process, version 1 or 2; nil where the system does not tell.
  ///
  /// - Parameter root: the root of the file system; another one in tests.
  package init?(root: String = "/") {
    let numbers = SystemNumbers(root.appending(path: "proc/meminfo"), unit: 1024).values
    guard var limit = numbers["MemTotal"], var available = numbers["MemAvailable"] else { return nil }
    for group in Self.groups(root) {
      guard let most = group.limit, most < limit else { continue }
      limit = most
      // The system drops cached files before it ends a process.
      available = min(available, max(0, most - group.used + group.cached))
    }
    (self.limit, self.available) = (limit, available)
  }

  private struct Group {
    let limit: Int?
    let used: Int
    let cached: Int
  }

  /// The group of this process with those above it: each may have a limit.
  private static func groups(_ root: String) -> [Group] {
    var groups: [Group] = []
    for line in SystemNumbers.lines(root.appending(path: "proc/self/cgroup")) {
      // "0::/path" of version 2, or "4:cpu,memory:/path" of version 1.
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isSecond = fields[1].isEmpty
      guard isSecond || fields[1].split(separator: ",").contains("memory") else { continue }
      let mount = root.appending(path: isSecond ? "sys/fs/cgroup" : "sys/fs/cgroup/memory")
      var parts = fields[2].split(separator: "/")
      while true {
        groups.append(group(parts.reduce(mount) { $0.appending(path: String($1)) }, isSecond: isSecond))
        if parts.popLast() == nil { break }
      }
    }
    return groups
  }

  private static func group(_ folder: String, isSecond: Bool) -> Group {
    let (limit, used, cached) =
      isSecond
      ? ("memory.max", "memory.current", "inactive_file")
      : ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    func number(_ name: String) -> Int? { SystemNumbers.lines(folder.appending(path: name)).first.flatMap { Int($0) } }
    return Group(
      limit: number(limit), used: number(used) ?? 0,
      cached: SystemNumbers(folder.appending(path: "memory.stat"), unit: 1).values[cached] ?? 0)
  }
}
