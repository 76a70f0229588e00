import CroCoModel
import Foundation
import RunFixtures
import Runtime
import Storage
import TestSupport
import Testing
import Training

/// New runs that begin with the weights of others, and parameters that are left as they are.
@Suite("Starting from weights") struct InitialWeightsTests {
  private let fixture: RunFixture
  private let source: String  // a run of five steps
  // Nothing learns, so that a checkpoint shows what the run began with.
  private let still = ["optimizer.lr=0", "schedule.stop_after_steps=1"]

  init() throws {
    fixture = try RunFixture()
    try fixture.run("source", ["schedule.stop_after_steps=5"])
    source = fixture.output("source")
  }

  private func weights(_ run: String, step: Int = 1) throws -> SafetensorsReader {
    try SafetensorsReader(path: weightsFile(run, step: step))
  }

  private func weightsFile(_ run: String, step: Int) -> String {
    fixture.output(run) + "/checkpoints/" + Checkpoint.name(ofStep: step) + "/" + Checkpoint.modelFile
  }

  private func refusal(_ overrides: [String]) -> Failure? {
    do {
      try fixture.run(UUID().uuidString, still + overrides)
      return nil
    } catch {
      return error as? Failure
    }
  }

  @Test("A new run begins with the weights of a run, checkpoint or file, says so, and reads them once")
  func begins() throws {
    let file = fixture.output("alone.safetensors")
    try FileManager.default.copyItem(atPath: weightsFile("source", step: 5), toPath: file)
    for (name, path) in [("run", source), ("checkpoint", source + "/checkpoints/step-00000005"), ("file", file)] {
      let spoken = try fixture.run(name, still + ["model.initial_weights=\(path)", "seed=9"])
      #expect(spoken.lines.contains { $0.contains("parameters, begun with \(path)") }, "\(spoken.lines)")
      #expect(try Data(weights(name)) == Data(weights("source", step: 5)))
      let state = try Checkpoint(path: fixture.output(name) + "/checkpoints/step-00000001").state
      #expect(state.initialWeights?.hasPrefix(path) == true && state.initialWeights?.contains("XXH3") == true)
    }
    #expect(try fixture.metrics("run") == fixture.metrics("file"))
    // Going on needs the file no more.
    try FileManager.default.removeItem(atPath: file)
    let more = ["optimizer.lr=0", "schedule.stop_after_steps=2", "model.initial_weights=\(file)", "seed=9"]
    let spoken = try fixture.run("file", more)
    #expect(spoken.lines.contains { $0.contains("begun with \(file)") })
    let states = try [1, 2].map {
      try Checkpoint(path: fixture.output("file") + "/checkpoints/step-0000000\($0)").state
    }
    #expect(states[0].initialWeights == states[1].initialWeights && states[1].initialWeights != nil)
  }

  @Test("A part is taken, the rest begins random")
  func parts() throws {
    try fixture.run("random", still + ["seed=9"])
    let (random, all) = (try weights("random"), try weights("source", step: 5))
    for part in [NetworkPart.encoder, .decoder] {
      let name = part.rawValue
      try fixture.run(
        name, still + ["model.initial_weights=\(source)", "model.initial_parts=\(name)", "seed=9"])
      let mixed = try weights(name)
      for tensor in mixed.tensors {
        let expected = part.contains(tensor.name) ? all : random
        #expect(try mixed.floats(tensor.name) == expected.floats(tensor.name), "\(part): \(tensor.name)")
      }
    }
  }

  @Test("Missing and additional parameters are named, and allowed only where asked; other shapes never are")
  func strictness() throws {
    let chosen = ["model.initial_weights=\(source)"]
    let fewer = try #require(refusal(chosen + ["model.decoder_depth=1"]))
    #expect(fewer.message.contains("not in the network: dec_blocks.1.") && fewer.description.contains("initial_strict"))
    let more = try #require(refusal(chosen + ["model.encoder_depth=3"]))
    #expect(more.message.contains("missing: enc_blocks.2.") && more.kind == .badData)
    let other = try #require(refusal(chosen + ["model.encoder_dim=64", "model.initial_strict=false"]))
    #expect(other.message.contains("of another shape") && !other.description.contains("initial_strict"))
    // Only the decoder differs, and is not taken.
    #expect(refusal(chosen + ["model.decoder_depth=1", "model.initial_parts=encoder"]) == nil)
    let spoken = try fixture.run("loose", still + chosen + ["model.encoder_depth=3", "model.initial_strict=false"])
    #expect(spoken.warnings.contains { $0.contains("does not fit in all: missing: enc_blocks.2.") })
    let absent = refusal(["model.initial_weights=\(source)/nothing"])
    #expect(absent?.kind == .noInput)
  }

  @Test("Sine-cosine tables of another grid are interpolated where the configuration says so; RoPE needs nothing")
  func grids() throws {
    let chosen = ["model.initial_weights=\(source)", "model.image_size=24"]
    let refused = try #require(refusal(chosen))
    #expect(refused.kind == .configuration && refused.description.contains("model.position_grid to [4, 4]"))
    try fixture.run("small", still + chosen + ["model.position_grid=[4, 4]"])
    let table = try weights("small").floats("enc_pos_embed")
    let before = PositionTable.sineCosine(dimension: 32, rows: 4, columns: 4)
    #expect(table == PositionTable.interpolate(before, dimension: 32, from: (4, 4), to: (3, 3)))
    let rope = ["model.position_embedding=RoPE100", "model.decoder_heads=2"]
    try fixture.run("rope", still + rope)
    try fixture.run(
      "small rope", still + rope + ["model.initial_weights=\(fixture.output("rope"))", "model.image_size=24"])
    let (large, small) = (try weights("rope"), try weights("small rope"))
    for tensor in large.tensors { #expect(try small.floats(tensor.name) == large.floats(tensor.name)) }
    #expect(refusal(rope + ["model.position_grid=[4, 4]"])?.message.contains("has none") == true)
  }

  @Test("Frozen parameters stay as they are, have no moments, and do not count in the norm")
  func frozen() throws {
    let steps = ["schedule.stop_after_steps=3", "model.initial_weights=\(source)"]
    try fixture.run("frozen", steps + ["model.frozen=[patch_embed., enc_, decoder_embed.weight]"])
    try fixture.run("free", steps)
    let (before, after) = (try weights("source", step: 5), try weights("frozen", step: 3))
    let moments = try SafetensorsReader(
      path: fixture.output("frozen") + "/checkpoints/step-00000003/" + Checkpoint.optimizerFile)
    for tensor in after.tensors where !tensor.name.hasSuffix("pos_embed") {
      let isFrozen = NetworkPart.encoder.contains(tensor.name) || tensor.name == "decoder_embed.weight"
      #expect((try before.floats(tensor.name) == after.floats(tensor.name)) == isFrozen, "\(tensor.name)")
      #expect(try moments.floats("exp_avg_sq.\(tensor.name)").allSatisfy { $0 == 0 } == isFrozen, "\(tensor.name)")
    }
    let norms = try ["frozen", "free"].map { try #require(fixture.metrics($0)[0]["grad_norm"]) }
    #expect(norms[0] < norms[1])
    #expect(refusal(["model.frozen=[enc_bloks.]"])?.message.contains("enc_bloks.") == true)
    #expect(refusal(["model.frozen=[patch, enc, dec, mask, pred]"])?.message.contains("nothing to train") == true)
  }

  @Test(
    "Any number of ranks begins and freezes with the same bytes",
    .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
  func ranks() throws {
    let overrides = [
      "schedule.stop_after_steps=2", "model.initial_weights=\(source)", "model.frozen=[enc_blocks.]",
    ]
    try fixture.run("alone", overrides)
    for (ranks, isSharded) in [(2, true), (3, true), (2, false)] {
      let name = "\(ranks) \(isSharded)"
      let process = try MPIRun.start(
        ranks: ranks, "croco",
        fixture.arguments(name, overrides + ["compute.shard_optimizer=\(isSharded)", "compute.threads=1"]))
      let result = process.finish(within: 60)
      #expect(result.status == 0, "\(result)")
      #expect(try fixture.digests(name, step: 2) == fixture.digests("alone", step: 2), "\(name)")
    }
  }
}

extension Data {
  /// The bytes of a file of tensors.
  fileprivate init(_ reader: SafetensorsReader) throws { try self.init(contentsOf: URL(fileURLWithPath: reader.path)) }
}
