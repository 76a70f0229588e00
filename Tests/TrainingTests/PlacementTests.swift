import RunFixtures
import TestSupport
import Testing
import Training

/// Tables and sentences of where ranks compute, from made-up hosts of two NUMA domains with four cores each.
@Suite("Where ranks compute") struct PlacementTests {
  private let domains = [0: IndexRanges(0..<4), 1: IndexRanges(4..<8)]

  private func rank(_ host: String, _ cores: Range<Int>, threads: Int) -> RankPlacement {
    RankPlacement(host: host, cores: IndexRanges(cores), threads: threads, domains: domains)
  }

  private func checks(_ placements: [RankPlacement]) -> PlacementChecks { PlacementChecks(placements) }

  @Test("Lists of cores are read and written as the system has them")
  func ranges() {
    #expect(IndexRanges("0-3,6,8-9")?.indices == [0, 1, 2, 3, 6, 8, 9])
    #expect(IndexRanges([9, 0, 1, 2, 8, 3, 6, 6]).text == "0-3,6,8-9")
    #expect(IndexRanges("")?.indices == [] && IndexRanges([]).text.isEmpty)
    for text in ["3-1", "a", "1-", "-1", "1-2-3"] { #expect(IndexRanges(text) == nil, "\(text)") }
  }

  @Test("Few ranks have a line each; one has none")
  func table() {
    let ranks = [rank("node0", 0..<4, threads: 4), rank("node1", 2..<7, threads: 16)]
    #expect(
      PlacementTable(ranks).lines == [
        "rank  host   cores  NUMA domain  threads", "0     node0  0-3    0            4",
        "1     node1  2-6    0-1          16",
      ])
    #expect(PlacementTable([ranks[0]]).lines.isEmpty)
  }

  @Test("Of many ranks a host has a line, hosts alike are counted, and one that differs is seen")
  func folding() {
    let hosts = (0..<64).flatMap { host in
      [rank("node\(host)", 0..<4, threads: 4), rank("node\(host)", host == 40 ? 0..<4 : 4..<8, threads: 4)]
    }
    #expect(
      PlacementTable(hosts).lines == [
        "rank   host    cores     NUMA domain  threads", "0-1    node0   0-3 4-7   0 1          4 each",
        "... and 62 hosts alike", "80-81  node40  0-3 each  0 each       4 each",
      ])
    let different = (0..<12).map { rank("node\($0)", 0..<4, threads: $0 + 1) }
    #expect(PlacementTable(different).lines.count == 10)
    #expect(PlacementTable(different).lines.last == "... and 4 other hosts")
  }

  @Test("Nothing is said of ranks on cores of their own, nor of unbound ones that leave each thread a core")
  func good() {
    #expect(checks([rank("node0", 0..<4, threads: 4), rank("node0", 4..<8, threads: 4)]).warnings.isEmpty)
    #expect(checks([rank("node0", 0..<4, threads: 4), rank("node1", 0..<4, threads: 4)]).warnings.isEmpty)
    let unbound = checks([rank("node0", 0..<8, threads: 4), rank("node0", 0..<8, threads: 4)])
    #expect(
      unbound.warnings.isEmpty && unbound.advice?.contains("the cores of 2 NUMA domains: one rank for each") == true)
    #expect(checks([rank("node0", 0..<4, threads: 4)]).advice == nil)
    let unknown = RankPlacement(host: "node0", cores: IndexRanges([]), threads: 4, domains: [:])
    #expect(checks([unknown, unknown]).warnings.isEmpty && checks([unknown]).advice == nil)
  }

  @Test(
    "Ranks that share cores for more threads than these are, ranks whose cores overlap, and a rank astride two domains")
  func bad() {
    let crowded = ["node0", "node1"].flatMap { host in (0..<2).map { _ in rank(host, 0..<1, threads: 2) } }
    #expect(
      checks(crowded).warnings == [
        "Ranks 0-1 of 4 (node0) both run on core 0, with 4 threads for 1 core (2 more ranks are alike): start fewer ranks, or lower "
          + "compute.threads."
      ])
    let overlapping = checks([rank("node0", 0..<3, threads: 2), rank("node0", 2..<4, threads: 2)]).warnings
    #expect(overlapping.count == 1 && overlapping[0].contains("cores that overlap (0-2, 2-3): bind each"))
    let astride = checks([rank("node0", 0..<2, threads: 2), rank("node0", 2..<6, threads: 4)]).warnings
    #expect(
      astride.count == 1 && astride[0].hasPrefix("Rank 1 of 2 (node0) has cores 2-5, parts of the NUMA domains 0-1:"))
  }

  @Test(
    "A run under mpirun begins with the table, and says that ranks share a core",
    .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
  func underMPI() throws {
    let fixture = try RunFixture()
    // The third rank has no core of its own on any machine: all are bound to the first one of the host.
    let arguments = fixture.arguments("run", ["compute.threads=1", "schedule.stop_after_steps=1"])
    let result = try runProcess(
      "/bin/sh",
      [
        "-c", "exec taskset -c \"$(taskset -cp $$ | sed 's/.*: *//; s/[-,].*//')\" \"$@\"", "sh",
        try #require(MPIRun.path),
      ]
        + MPIRun.arguments(ranks: 2, try builtExecutable("croco"), arguments), environment: MPIRun.environment)
    #expect(result.status == 0, "\(result)")
    let lines = result.output.split(separator: "\n")
    let header = try #require(lines.firstIndex { $0.contains("NUMA domain  threads") }, "\(result)")
    let cells = lines[header + 1].split(separator: " ")
    #expect(cells.count >= 5 && cells[cells.count - 5] == "0" && Int(cells[cells.count - 3]) != nil, "\(result)")
    #expect(result.errorOutput.contains(" both run on core "), "\(result)")
  }
}
