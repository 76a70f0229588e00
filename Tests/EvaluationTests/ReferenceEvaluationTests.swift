import Evaluation
import Foundation
import Kernels
import PairData
import RunFixtures
import Runtime
import Testing
import Training

@Suite(.serialized) struct ReferenceEvaluationTests {
  private func evaluate(_ path: String, _ fixture: RunFixture, threads: Int = 1) throws -> ReferenceEvaluation {
    try ReferenceEvaluation(
      PretrainedModel(path: path), source: PairDataset(path: fixture.data, split: .validation),
      pool: WorkerPool(workerCount: threads))
  }

  @Test("a run folder, its newest checkpoint and its weights file are evaluated alike, on any threads")
  func paths() throws {
    let fixture = try RunFixture()
    try fixture.run("run", ["schedule.stop_after_steps=5", "seed=0"])
    let checkpoint = fixture.output("run") + "/checkpoints/" + Checkpoint.name(ofStep: 5)
    let result = try evaluate(fixture.output("run"), fixture)
    #expect(result.checkpoint == checkpoint && result.losses.count == 4)
    #expect(try evaluate(checkpoint, fixture, threads: 2) == result)
    // A weights file does not tell the seed of its run, which draws the masks: it counts as 0.
    #expect(try evaluate(checkpoint + "/" + Checkpoint.modelFile, fixture).losses == result.losses)
    let object = try JSONSerialization.jsonObject(with: Data(result.json.utf8)) as? [String: Any]
    let gain = try #require(object?["reference_gain"] as? Double)
    #expect(abs(gain - result.referenceGain) < 1e-12)
  }

  @Test(
    "what bf16 has trained is evaluated, near what fp32 has trained",
    .enabled(
      if: MatrixProducts.bfloat16Obstacle == nil,
      Comment(rawValue: "no bf16 here: \(MatrixProducts.bfloat16Obstacle ?? "")")))
  func brainFloats() throws {
    let fixture = try RunFixture()
    for precision in ["fp32", "bf16"] {
      try fixture.run(
        precision, ["compute.precision=\(precision)", "schedule.stop_after_steps=5", "batch.global_batch_size=4"])
    }
    let (brain, single) = (try evaluate(fixture.output("bf16"), fixture), try evaluate(fixture.output("fp32"), fixture))
    for (reference, loss) in single.losses {
      let other = try #require(brain.losses[reference])
      #expect(abs(other - loss) < 0.02 * loss && other != loss)
    }
  }

  @Test("a path without a checkpoint, and one with a network that cannot be told, are refused")
  func refusals() throws {
    let fixture = try RunFixture()
    #expect(throws: Failure.self) { try PretrainedModel(path: "/nowhere") }
    #expect(throws: Failure.self) { try PretrainedModel(path: fixture.data) }
  }
}
