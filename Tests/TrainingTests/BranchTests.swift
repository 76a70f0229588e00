import Foundation
import RunFixtures
import Runtime
import Storage
import Testing
import Training

@Suite struct BranchTests {
  private let fixture: RunFixture
  private static let decay = ["schedule.kind=wsd", "schedule.decay_fraction=0.5"]

  /// A run with a constant rate, stopped after 7 of 20 steps.
  init() throws {
    fixture = try RunFixture()
    try fixture.run("run", ["schedule.kind=constant", "schedule.stop_after_steps=7"])
  }

  private func failure(_ name: String, _ overrides: [String]) -> Failure? {
    do {
      try fixture.run(name, overrides, resume: .checkpoint(fixture.output("run")))
      return nil
    } catch {
      return error as? Failure
    }
  }

  private func state(_ name: String, step: Int) throws -> CheckpointState {
    try Checkpoint(path: fixture.output(name) + "/checkpoints/" + Checkpoint.name(ofStep: step)).state
  }

  @Test("a branch that lets a constant rate fall ends with the bytes of a run that was to do so from the first step on")
  func anotherSchedule() throws {
    try fixture.run("whole", Self.decay)
    let before = try fixture.digests("run", step: 7)
    let spoken = try fixture.run(
      "branch", Self.decay + ["schedule.stop_after_steps=9"], resume: .checkpoint(fixture.output("run")))
    let line = try #require(spoken.lines.first { $0.hasPrefix("Going on after step 7") })
    #expect(
      line.hasSuffix(
        "on another course: schedule.kind (constant there, wsd now), schedule.decay_fraction (0.2 there, 0.5 now)."),
      "\(line)")
    // The same command again: it goes on from its own checkpoint, and still knows where it came from.
    try fixture.run("branch", Self.decay, resume: .checkpoint(fixture.output("run")))
    #expect(try fixture.digests("branch", step: 20) == fixture.digests("whole", step: 20))
    #expect(try fixture.metrics("branch") == Array(fixture.metrics("whole")[7...]))
    #expect(
      try state("branch", step: 20).branchedFrom == fixture.output("run") + "/checkpoints/step-00000007 after step 7")
    #expect(try state("run", step: 7).branchedFrom == nil && fixture.digests("run", step: 7) == before)
  }

  @Test("a branch may begin a running mean of the weights, and compute in another way")
  func anotherMean() throws {
    let settings = [
      "schedule.kind=constant", "optimizer.ema_decay=0.5", "compute.passes=2", "schedule.total_steps=9",
      "checkpoints.every_steps=1",
    ]
    try fixture.run("branch", settings, resume: .checkpoint(fixture.output("run")))
    func token(_ run: String, _ step: Int, _ file: String = Checkpoint.modelFile) throws -> [Float] {
      let checkpoint = fixture.output(run) + "/checkpoints/" + Checkpoint.name(ofStep: step)
      return try SafetensorsReader(path: checkpoint + "/" + file).floats("mask_token")
    }
    let mean = try token("branch", 9, Checkpoint.averageFile)
    let (before, first, second) = (try token("run", 7), try token("branch", 8), try token("branch", 9))
    // Decay 0.5 in both steps: w7 / 4 + w8 / 4 + w9 / 2.
    for index in mean.indices {
      #expect(abs(mean[index] - (before[index] / 4 + first[index] / 4 + second[index] / 2)) < 1e-7)
    }
  }

  @Test("a branch of another objective, or with a schedule that is over, is refused")
  func refusals() throws {
    let other = try #require(failure("other", ["schedule.kind=constant", "loss.kind=l1"]))
    #expect(other.kind == .configuration)
    #expect(other.message.hasSuffix("is of another run: loss.kind (l2 there, l1 now)."), "\(other)")
    let short = try #require(failure("short", ["schedule.total_steps=5", "schedule.warmup_steps=1"]))
    #expect(short.kind == .configuration && "\(short)".contains("Give the branch a longer schedule"), "\(short)")
  }
}
