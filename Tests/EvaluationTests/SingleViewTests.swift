import CroCoModel
import Evaluation
import Foundation
import RunFixtures
import Runtime
import Storage
import Testing
import Training

/// `model.initial_weights` from the encoder of a network for single images.
@Suite("Starting from the encoder of single images") struct SingleViewTests {
  private let fixture: RunFixture
  // Nothing learns, so that a checkpoint shows what the run began with.
  private let still = ["optimizer.lr=0", "schedule.stop_after_steps=1", "model.initial_parts=encoder"]

  init() throws { fixture = try RunFixture() }

  private func positions(_ embedding: String) -> [String] {
    ["model.position_embedding=\(embedding)", "model.decoder_heads=2"]
  }

  /// A run's encoder under timm's names.
  private func exported(_ embedding: String) throws -> (model: PretrainedModel, file: SafetensorsReader) {
    try fixture.run("source", ["schedule.stop_after_steps=2", "model.initial_parts=all"] + positions(embedding))
    let model = try PretrainedModel(path: fixture.output("source"))
    var options = WeightsExport.Options()
    options.names = .timm
    try WeightsExport(model, options).write(to: fixture.output("timm.safetensors"))
    return (model, try SafetensorsReader(path: fixture.output("timm.safetensors")))
  }

  /// Expects a new run to begin with the encoder of `model`, but for what is `random`.
  private func expectEncoder(of model: PretrainedModel, _ name: String, _ file: String, _ settings: [String]) throws {
    try fixture.run(name, still + settings + ["model.initial_weights=\(file)", "seed=9"])
    let own = try PretrainedModel(path: fixture.output(name)).network.parameters
    for parameter in own.parameters {
      let values = Array(own.values.elements[parameter.range])
      let before = Array(model.network.parameters.values.elements[parameter.range])
      // Norms and biases begin the same in any network.
      guard parameter.shape.count > 1 || NetworkPart.encoder.contains(parameter.name) else { continue }
      #expect((values == before) == NetworkPart.encoder.contains(parameter.name), "\(parameter.name)")
    }
  }

  private func refusal(_ file: String, _ settings: [String]) -> Failure? {
    do {
      try fixture.run(UUID().uuidString, still + ["model.initial_weights=\(file)"] + settings)
      return nil
    } catch {
      return error as? Failure
    }
  }

  @Test("timm's names give the same encoder, also where queries and keys turn", arguments: ["cosine", "RoPE100"])
  func timm(embedding: String) throws {
    let (model, file) = try exported(embedding)
    try expectEncoder(of: model, "again", file.path, positions(embedding))
    let whole = refusal(file.path, positions(embedding) + ["model.initial_parts=all"])
    #expect(whole?.description.contains("Set model.initial_parts to encoder") == true)
    let patches = refusal(file.path, positions(embedding) + ["model.patch_size=4"])
    #expect(patches?.message.contains("patches of 8 pixels, and model.patch_size is 4") == true)
  }

  @Test(
    "Class token, decoder, scales of layers, and queries, keys and values apart: as MAE, DINOv2 and others store them")
  func others() throws {
    let (model, file) = try exported("cosine")
    let channels = model.configuration.encoderDimension
    var writer = SafetensorsWriter()
    for tensor in file.tensors {
      var (name, shape, values) = (tensor.name, tensor.shape, try file.floats(of: tensor.name))
      if name == "pos_embed" {
        values = [Float](repeating: 7, count: channels) + values
        shape[1] += 1
      }
      // Powers of two, so that nothing is rounded.
      for (end, scale) in [(".attn.proj.", Float(0.25)), (".mlp.fc2.", 2)] where name.contains(end) {
        values = values.map { $0 / scale }
      }
      guard name.contains(".attn.qkv.") else {
        writer.add(name, shape: shape, values)
        continue
      }
      for (part, letter) in ["q", "k", "v"].enumerated() {
        let third = Array(values[part * values.count / 3..<(part + 1) * values.count / 3])
        name = tensor.name.replacingOccurrences(of: ".qkv.", with: ".\(letter)_proj.")
        writer.add(name, shape: [shape[0] / 3] + shape.dropFirst(), third)
      }
    }
    for block in 0..<model.configuration.encoderDepth {
      for (name, scale) in [("ls1", Float(0.25)), ("ls2", 2)] {
        writer.add("blocks.\(block).\(name).gamma", shape: [channels], [Float](repeating: scale, count: channels))
      }
    }
    for name in ["cls_token", "mask_token", "decoder_embed.weight", "head.bias"] {
      writer.add(name, shape: [1], [1])
    }
    let path = fixture.output("mae.safetensors")
    try writer.write(to: path)
    try expectEncoder(of: model, "again", path, positions("cosine"))
  }

  @Test("Learned positions and registers are refused with a sentence; the former may be left out")
  func learned() throws {
    let (_, file) = try exported("cosine")
    func write(_ name: String, _ change: (inout SafetensorsWriter) -> Void) throws -> String {
      var writer = SafetensorsWriter()
      for tensor in file.tensors {
        let values = try file.floats(of: tensor.name)
        writer.add(tensor.name, shape: tensor.shape, tensor.name == "pos_embed" ? values.map { $0 + 1 } : values)
      }
      change(&writer)
      try writer.write(to: fixture.output(name))
      return fixture.output(name)
    }
    let learned = try write("learned.safetensors") { _ in }
    let failure = refusal(learned, positions("cosine"))
    #expect(failure?.description.contains("which croco cannot form") == true)
    let spoken = try fixture.run(
      "loose", still + positions("cosine") + ["model.initial_weights=\(learned)", "model.initial_strict=false"])
    #expect(spoken.warnings.contains { $0.contains("has its sine-cosine table instead") }, "\(spoken.warnings)")
    let registers = try write("registers.safetensors") { $0.add("register_tokens", shape: [1], [1]) }
    #expect(refusal(registers, positions("cosine"))?.message.contains("register_tokens") == true)
  }
}
