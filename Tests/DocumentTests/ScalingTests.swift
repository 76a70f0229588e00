import Foundation
import TestSupport
import Testing

/// The model of many hosts: its page, and a case that can be worked out by hand.
@Suite("Scaling on paper", .enabled(if: installedProgram("python3") != nil, "python3 is not installed"))
struct ScalingTests {
  private let script = Repository.root.appendingPathComponent("Benchmarks/scaling/scaling.py").path

  private func run(_ arguments: [String] = []) throws -> String {
    let python = try #require(installedProgram("python3"))
    let result = try runProcess(python, ["-B", script] + arguments)
    #expect(result.status == 0, "\(result)")
    return result.output
  }

  @Test("The page is what the script writes from its constants")
  func page() throws {
    #expect(try run() == Repository.text("Benchmarks/results/scaling.md"))
  }

  @Test("Two hosts take compute time and what the bytes need, of which overlap hides what fits behind the passes")
  func twoHosts() throws {
    let folder = try TemporaryFolder()
    // 1 GB of gradients; 1 GB/s; memory, messages and latency cost nothing: each phase sends 0.5 GB.
    try Data(
      """
      {"networks": {"a": {"gradient_bytes": 1e9, "forward_seconds": 1, "backward_seconds": 2, "update_seconds": 0}},
       "micro_batches": 1, "jitter": 0, "link_share": 1, "latency_seconds": 0, "message_seconds": 0, "overlap_cost": 0,
       "sum_bytes_per_second": 1e18, "bucket_bytes": [1e6], "depth": 4, "sources": {}}
      """.utf8
    ).write(to: URL(fileURLWithPath: folder.path + "/constants.json"))
    try Data(
      """
      hosts,ranks,gbit_per_second,delay_ms,overlap,wire,seconds
      2,2,8,0,off,fp32,4
      2,2,8,0,off,bf16,3.75
      2,2,8,0,on,fp32,3
      2,2,0.8,0,on,fp32,10
      1,1,8,0,off,fp32,3
      """.utf8
    ).write(to: URL(fileURLWithPath: folder.path + "/runs.csv"))
    let lines = try run(["--constants", folder.path + "/constants.json", "--validate", folder.path + "/runs.csv"])
      .split(separator: "\n").dropFirst()
    #expect(lines.count == 5)
    // At a tenth of the bandwidth sums begin after forward, and the last second of the values is beside the next one: 1 + 5 + 5 - 1.
    let expected = [4, 3.75, 3, 10, 3]
    for (line, seconds) in zip(lines, expected) {
      let predicted = try #require(Double(line.split(separator: " ").dropLast().last ?? ""))
      #expect(abs(predicted - seconds) < 0.02, "\(line)")
    }
  }
}
