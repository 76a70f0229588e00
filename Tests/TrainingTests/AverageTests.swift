import CroCoModel
import Foundation
import RunFixtures
import Runtime
import Storage
import TestSupport
import Testing
import Training

/// The running mean of the weights: `optimizer.ema_decay`.
@Suite("Averaged weights") struct AverageTests {
  private let fixture: RunFixture
  private let decay = 0.15

  init() throws { fixture = try RunFixture() }

  private func settings(_ steps: Int) -> [String] {
    ["optimizer.ema_decay=\(decay)", "schedule.stop_after_steps=\(steps)", "checkpoints.every_steps=1"]
  }

  private func file(_ run: String, _ step: Int, _ name: String) -> String {
    fixture.output(run) + "/checkpoints/" + Checkpoint.name(ofStep: step) + "/" + name
  }

  private func averageBytes(_ run: String, step: Int) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: file(run, step, Checkpoint.averageFile)))
  }

  @Test(
    "Each step moves the mean towards the values, at first faster; it touches nothing else, and is a file of weights")
  func mean() throws {
    try fixture.run("first", ["schedule.stop_after_steps=1"])
    let begin = ["model.initial_weights=\(fixture.output("first"))", "seed=5"]
    try fixture.run("run", settings(4) + begin)
    try fixture.run("plain", Array(settings(4).dropFirst()) + begin)
    #expect(try fixture.digests("run", step: 4) == fixture.digests("plain", step: 4))
    let values = try (0...4).map {
      try SafetensorsReader(path: file($0 == 0 ? "first" : "run", max(1, $0), Checkpoint.modelFile))
    }
    let average = try SafetensorsReader(path: file("run", 4, Checkpoint.averageFile))
    #expect(average.tensors == values[4].tensors && average.metadata == values[4].metadata)
    for tensor in average.tensors {
      var mean = try values[0].floats(tensor.name)
      for step in 1...4 {
        let share = Float(1 - min(decay, Double(1 + step) / Double(10 + step)))
        for (index, value) in try values[step].floats(tensor.name).enumerated() {
          mean[index] += share * (value - mean[index])
        }
      }
      #expect(try average.floats(tensor.name) == mean, "\(tensor.name)")
    }
    #expect(!FileSystem.exists(file("plain", 4, Checkpoint.averageFile)))
    #expect(try Checkpoint(path: fixture.output("run") + "/checkpoints/step-00000004").hasAverage)
  }

  @Test("A run that goes on has the same mean; a damaged one is found")
  func resuming() throws {
    try fixture.run("whole", settings(4))
    try fixture.run("parts", settings(2))
    try fixture.run("parts", settings(4))
    #expect(try averageBytes("parts", step: 4) == averageBytes("whole", step: 4))
    var bytes = try averageBytes("parts", step: 4)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: URL(fileURLWithPath: file("parts", 4, Checkpoint.averageFile)))
    let path = fixture.output("parts") + "/checkpoints/step-00000004"
    do throws(Failure) {
      _ = try Checkpoint(path: path)
      Issue.record("a damaged mean is taken")
    } catch {
      #expect(error.message.contains("ema.safetensors is damaged"))
    }
  }

  @Test(
    "Any number of ranks has the same mean, and goes on from it",
    .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
  func ranks() throws {
    try fixture.run("alone", settings(4))
    for (ranks, isSharded) in [(2, true), (3, true), (2, false)] {
      let name = "\(ranks) \(isSharded)"
      for steps in [2, 4] {
        let overrides = settings(steps) + ["compute.shard_optimizer=\(isSharded)", "compute.threads=1"]
        let result = try MPIRun.start(ranks: ranks, "croco", fixture.arguments(name, overrides)).finish(within: 60)
        #expect(result.status == 0, "\(result)")
      }
      #expect(try averageBytes(name, step: 4) == averageBytes("alone", step: 4), "\(name)")
    }
  }
}
