import Collectives
import Foundation
import Measurement
import RunFixtures
import Runtime
import TestSupport
import Testing
import Training

/// What a run needs against what machines have.
@Suite struct ResourceTests {
  private func write(_ text: String, _ path: String, below folder: TemporaryFolder) throws {
    let url = URL(fileURLWithPath: folder.path + "/" + path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  private static let meminfo = "MemTotal:       1000 kB\nMemFree:         300 kB\nMemAvailable:    600 kB\n"

  @Test("without control groups a host has what the system tells")
  func system() throws {
    let root = try TemporaryFolder()
    #expect(HostMemory(root: root.path) == nil)
    try write(Self.meminfo, "proc/meminfo", below: root)
    try write("0::/\n", "proc/self/cgroup", below: root)
    let memory = try #require(HostMemory(root: root.path))
    #expect(memory.limit == 1_024_000 && memory.available == 614_400)
  }

  @Test("the tightest control group above the process counts, of either version; cached files can be dropped")
  func groups() throws {
    let root = try TemporaryFolder()
    try write(Self.meminfo, "proc/meminfo", below: root)
    try write("0::/slice/job/step\n", "proc/self/cgroup", below: root)
    try write("max\n", "sys/fs/cgroup/slice/job/step/memory.max", below: root)
    try write("500000\n", "sys/fs/cgroup/slice/job/memory.max", below: root)
    try write("200000\n", "sys/fs/cgroup/slice/job/memory.current", below: root)
    try write("anon 1\ninactive_file 50000\n", "sys/fs/cgroup/slice/job/memory.stat", below: root)
    try write("900000\n", "sys/fs/cgroup/slice/memory.max", below: root)
    let second = try #require(HostMemory(root: root.path))
    #expect(second.limit == 500_000 && second.available == 350_000)
    try write("5:cpu,cpuacct:/a\n4:memory:/job\n", "proc/self/cgroup", below: root)
    try write("400000\n", "sys/fs/cgroup/memory/job/memory.limit_in_bytes", below: root)
    try write("100000\n", "sys/fs/cgroup/memory/job/memory.usage_in_bytes", below: root)
    let first = try #require(HostMemory(root: root.path))
    #expect(first.limit == 400_000 && first.available == 300_000)
  }

  private func estimate(ranks: Int) throws -> RunEstimate {
    try RunEstimate(RunFixture().configuration([]), layout: RankLayout(size: ranks), threads: 1)
  }

  private func ranks(_ hosts: [String], limit: Int, available: Int) -> [RunEstimate.RankMemory] {
    hosts.map { .init(host: $0, limit: limit, available: available) }
  }

  @Test("a host that can never hold its ranks ends the run before it begins; one that is in use is a warning")
  func memory() throws {
    let estimate = try estimate(ranks: 2)
    let both = estimate.memory.firstRankBytes + estimate.memory.bytes
    #expect(try estimate.memoryWarnings(ranks(["a", "a"], limit: 2 * both, available: both)).isEmpty)
    let warnings = try estimate.memoryWarnings(ranks(["a", "a"], limit: 2 * both, available: both - 1))
    #expect(warnings.count == 1 && warnings[0].contains("on a, with 2 ranks"), "\(warnings)")
    #expect(warnings[0].contains(estimate.memory.items[0].lever))
    #expect(try estimate.memoryWarnings(ranks(["a", "b"], limit: 2 * both, available: both - 1)).isEmpty)
    #expect(try estimate.memoryWarnings(ranks(["a", "a"], limit: 0, available: 0)).isEmpty)
    let refusal = #expect(throws: Failure.self) {
      try estimate.memoryWarnings(ranks(["a", "a"], limit: both - 1, available: both - 1))
    }
    #expect(refusal?.kind == .configuration)
  }

  @Test("a disk without room for a checkpoint ends the run before it begins; for those that are kept it is a warning")
  func disk() throws {
    let estimate = try estimate(ranks: 1)
    let bytes = estimate.checkpointBytes
    #expect(try estimate.diskWarnings("run", free: 10 * bytes, kept: 2, keepsBest: false).isEmpty)
    #expect(try estimate.diskWarnings("run", free: 3 * bytes - 1, kept: 2, keepsBest: false).count == 1)
    #expect(try estimate.diskWarnings("run", free: 3 * bytes, kept: 2, keepsBest: false).isEmpty)
    #expect(try estimate.diskWarnings("run", free: 3 * bytes, kept: 2, keepsBest: true).count == 1)
    let refusal = #expect(throws: Failure.self) {
      try estimate.diskWarnings("run", free: bytes, kept: 2, keepsBest: false)
    }
    #expect(refusal?.kind == .inputOutput && refusal?.message.contains("run") == true)
  }
}
