import Collectives
import Foundation
import Measurement
import RunFixtures
import TestSupport
import Testing
import Training

/// What `croco train --dry-run` foretells.
@Suite(.serialized) struct EstimateTests {
  private func memory(_ fixture: RunFixture, _ overrides: [String] = [], ranks: Int = 1) throws -> MemoryEstimate {
    try RunEstimate(fixture.configuration(overrides), layout: RankLayout(size: ranks), threads: 1).memory
  }

  private func bytes(_ memory: MemoryEstimate, _ name: String) -> Int {
    memory.items.first { $0.name == name }?.bytes ?? 0
  }

  @Test("passes and recomputed blocks take less memory for activations")
  func activations() throws {
    let fixture = try RunFixture()
    let all = bytes(try memory(fixture), "activations")
    let passes = bytes(try memory(fixture, ["compute.passes=2"]), "activations")
    let blocks = bytes(try memory(fixture, ["compute.activation_checkpointing=block"]), "activations")
    #expect(Double(passes) < 0.6 * Double(all) && blocks < all)
  }

  @Test("the moments are divided among the ranks, unless each has all of them")
  func moments() throws {
    let fixture = try RunFixture()
    let parameters = bytes(try memory(fixture), "parameters and gradients")
    #expect(bytes(try memory(fixture, ranks: 2), "moments of AdamW") == parameters / 2)
    let whole = try memory(fixture, ["compute.shard_optimizer=false"], ranks: 2)
    #expect(bytes(whole, "moments of AdamW") == parameters)
    let averaging = try memory(fixture, ["optimizer.ema_decay=0.99"])
    #expect(bytes(averaging, "moments of AdamW") == parameters * 3 / 2)
    #expect(bytes(averaging, "checkpoint in the making") == 2 * parameters)
  }

  @Test("items are sorted, add up, and those of rank 0 are its own")
  func items() throws {
    let fixture = try RunFixture()
    let memory = try memory(fixture, ["pictures.every_steps=1"], ranks: 2)
    #expect(memory.items.map(\.bytes) == memory.items.map(\.bytes).sorted(by: >))
    #expect(memory.firstRankBytes == memory.items.reduce(0) { $0 + $1.bytes })
    let own = memory.items.filter(\.isOfFirstRank)
    #expect(Set(own.map(\.name)) == ["checkpoint in the making", "pictures"])
    #expect(memory.firstRankBytes - memory.bytes == own.reduce(0) { $0 + $1.bytes })
  }

  /// A network of some 200 MB, so that the program itself, which differs between systems, is the smaller part.
  private let measured = [
    "model.image_size=32", "model.encoder_dim=256", "model.encoder_depth=4", "model.decoder_dim=240",
    "model.decoder_depth=3", "batch.global_batch_size=128", "batch.micro_batch_size=64", "compute.threads=2",
    "schedule.total_steps=4", "schedule.warmup_steps=0", "checkpoints.every_steps=2", "validation.every_steps=2",
    "pictures.every_steps=2",
  ]

  @Test(
    "a run takes the memory that was estimated, within 10 %",
    .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/status"), "the system tells no VmHWM"))
  func residentMemory() throws {
    let fixture = try RunFixture()
    let process = try ChildProcess(try builtExecutable("croco"), fixture.arguments("run", measured))
    var highest = 0
    _ = process.wait(upTo: 120) {
      highest = max(highest, Self.highestResidentBytes(process.processIdentifier))
      return RunFolder(fixture.output("run")).isCompleted
    }
    #expect(process.finish(within: 30).status == 0)
    let estimate = try RunEstimate(fixture.configuration(measured), layout: RankLayout(size: 1), threads: 2)
    #expect(abs(Double(estimate.memory.firstRankBytes) / Double(highest) - 1) < 0.1, "\(highest): \(estimate.text)")
  }

  private static func highestResidentBytes(_ process: Int32) -> Int {
    guard let status = FileManager.default.contents(atPath: "/proc/\(process)/status") else { return 0 }
    let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(whereSeparator: \.isWhitespace)).flatMap { $0.count > 1 ? Int($0[1]) : nil }.map { $0 * 1024 }
      ?? 0
  }
}
