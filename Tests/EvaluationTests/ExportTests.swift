import CroCoModel
import Evaluation
import Foundation
import RunFixtures
import Runtime
import Storage
import TestSupport
import Testing
import Training

@Suite("Exporting weights") struct ExportTests {
  private let fixture: RunFixture
  private let steps = ["schedule.total_steps=2", "schedule.warmup_steps=1", "validation.every_steps=1"]

  init() throws { fixture = try RunFixture() }

  /// The network after two steps.
  private func trained(_ overrides: [String] = []) throws -> PretrainedModel {
    try fixture.run("run", steps + overrides)
    return try PretrainedModel(path: fixture.output("run"))
  }

  private func export(
    _ model: PretrainedModel, _ name: String, _ change: (inout WeightsExport.Options) -> Void = { _ in }
  )
    throws -> String
  {
    var options = WeightsExport.Options()
    change(&options)
    let path = fixture.output(name)
    try WeightsExport(model, options).write(to: path)
    return path
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  @Test(
    "A .pth file has every tensor of the checkpoint and the arguments, twice the same bytes; imported it is the checkpoint's own file",
    arguments: ["cosine", "RoPE100"])
  func pth(positions: String) throws {
    let model = try trained(["model.position_embedding=\(positions)", "model.decoder_heads=2"])
    let path = try export(model, "x.pth")
    #expect(try bytes(export(model, "y.pth")) == bytes(path))
    let file = try TensorFiles.open(path)
    #expect(file is PyTorchFile && file.metadata == ["croco_kwargs": model.configuration.officialArgumentsJSON])
    let own = try SafetensorsReader(path: model.path + "/" + Checkpoint.modelFile)
    #expect(file.tensors == own.tensors && file.conversion == nil)
    #expect((file.tensor(named: "enc_pos_embed") != nil) == (positions == "cosine"))
    for tensor in own.tensors { #expect(try file.floats(of: tensor.name) == own.floats(of: tensor.name)) }
    let again = try PretrainedModel(path: path)
    #expect(again.configuration == model.configuration && again.warnings.isEmpty)
    #expect(try bytes(export(again, "z.safetensors")) == bytes(own.path))
  }

  @Test(
    "Official files say which network they hold: by croco_kwargs, or by the call of its constructor",
    arguments: ["tiny_rope", "tiny_rope_legacy", "tiny_cosine_pretrain"])
  func official(name: String) throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
    let model = try PretrainedModel(path: tests + "/StorageTests/Fixtures/\(name).pth")
    var expected = ModelConfiguration()
    (expected.imageHeight, expected.imageWidth, expected.patchSize, expected.maskRatio) = (32, 32, 8, 0.75)
    (expected.encoderDimension, expected.encoderDepth, expected.encoderHeadCount) = (32, 2, 4)
    (expected.decoderDimension, expected.decoderDepth, expected.decoderHeadCount) = (24, 2, 3)
    if name != "tiny_cosine_pretrain" {
      expected.decoderHeadCount = 2
      expected.positionEmbedding = .rope(base: 100)
    }
    #expect(model.configuration == expected && model.warnings.isEmpty)
  }

  @Test("fp16 and bf16 round to the nearest; a part has its tensors only, and is refused as a whole network")
  func precisions() throws {
    let model = try trained()
    let whole = try TensorFiles.open(try export(model, "x.safetensors"))
    for (type, share) in [(FloatingType.fp16, Float(0x1p-11)), (.bf16, 0x1p-8)] {
      let path = try export(model, "\(type).pth") {
        $0.type = type
        $0.part = .encoder
      }
      let file = try TensorFiles.open(path)
      #expect(file.tensors.allSatisfy { $0.type == type.rawValue && NetworkPart.encoder.contains($0.name) })
      #expect(file.tensors.contains { $0.name == "enc_pos_embed" } && file.tensors.count == 29)
      for tensor in file.tensors {
        for (rounded, exact) in try zip(file.floats(of: tensor.name), whole.floats(of: tensor.name)) {
          #expect(abs(rounded - exact) <= max(abs(exact) * share, 0x1p-25))
        }
      }
      #expect { _ = try PretrainedModel(path: path) } throws: {
        ($0 as? Failure)?.message.contains("missing: decoder_embed.") == true
      }
    }
    #expect(FloatingType.bf16.bytes([1.00390625, 1.01171875, -.infinity]) == [0x80, 0x3F, 0x82, 0x3F, 0x80, 0xFF])
    let nothing = FloatingType.bf16.floats(FloatingType.bf16.bytes([Float(bitPattern: 0x7F80_0001)]))
    #expect(nothing[0].isNaN)
    model.network.parameters.values.pointer[0] = 7e4
    #expect(throws: Failure.self) { _ = try export(model, "large.pth") { $0.type = .fp16 } }
  }

  @Test("timm's names: the encoder; with RoPE the rows of queries and keys change places within their heads")
  func timm() throws {
    let model = try trained(["model.position_embedding=RoPE100", "model.decoder_heads=2"])
    let file = try TensorFiles.open(try export(model, "x.safetensors") { $0.names = .timm })
    #expect(
      file.tensors.map(\.name).prefix(3) == [
        "patch_embed.proj.weight", "patch_embed.proj.bias", "blocks.0.norm1.weight",
      ])
    #expect(file.tensors.last?.name == "norm.bias" && file.metadata == ["format": "pt"])
    let own = try SafetensorsReader(path: model.path + "/" + Checkpoint.modelFile)
    let (before, after) = (
      try own.floats("enc_blocks.1.attn.qkv.weight"), try file.floats(of: "blocks.1.attn.qkv.weight")
    )
    // Rows [3 * 32, 32]; heads of 8: timm's pairs of neighbours, the column's half first.
    let order = [4, 6, 5, 7, 0, 2, 1, 3]
    for row in 0..<96 {
      let source = row < 64 ? row / 8 * 8 + order[row % 8] : row
      #expect(after[row * 32..<row * 32 + 32] == before[source * 32..<source * 32 + 32], "row \(row)")
    }
  }

  @Test(
    "A folder for the Hub has configuration, weights and a card with steps, gain and picture, and nothing is written over"
  )
  func folder() throws {
    let model = try trained()
    try FileSystem.createFolder(RunFolder(fixture.output("run")).pictureFolder)
    try Publication.publishText("picture", at: RunFolder(fixture.output("run")).pictureFolder + "/step-00000002.png")
    let path = try export(model, "hub")
    #expect(
      try FileSystem.names(in: path).sorted() == [
        "README.md", "config.json", "model.safetensors", "reconstruction.png",
      ])
    let configuration = try JSONSerialization.jsonObject(with: bytes(path + "/config.json")) as? [String: Any]
    #expect(configuration.flatMap(ModelConfiguration.init(officialArguments:)) == model.configuration)
    let card = String(decoding: try bytes(path + "/README.md"), as: UTF8.self)
    #expect(card.hasPrefix("---\nlibrary_name: pytorch\n") && card.contains("| steps | 2 |"))
    #expect(card.contains("reference gain |") && card.contains("Licence") && card.contains("global_batch_size: 16"))
    #expect { _ = try export(model, "hub") } throws: { ($0 as? Failure)?.kind == .usage }
    let timm = try export(model, "timm") { $0.names = .timm }
    let hub = try JSONSerialization.jsonObject(with: bytes(timm + "/config.json")) as? [String: Any]
    #expect(hub?["architecture"] as? String == "vit_base_patch16_224")
  }

  @Test("A network with interpolated position tables is found again in its exported file, whatever its precision")
  func interpolated() throws {
    let model = try trained(["model.image_size=24", "model.position_grid=[4, 4]"])
    for type in [FloatingType.fp32, .bf16] {
      let again = try PretrainedModel(path: try export(model, "\(type).pth") { $0.type = type })
      #expect(again.configuration.positionGrid == [4, 4])
    }
  }

  @Test(
    "PyTorch loads the file with weights_only=True",
    .enabled(if: torchPython != nil, "python3 with PyTorch is not installed: pip install torch."))
  func python() throws {
    let path = try export(try trained(), "x.pth")
    let program = """
      import sys, torch
      checkpoint = torch.load(sys.argv[1], "cpu", weights_only=True)
      weights, arguments = checkpoint["model"], checkpoint.get("croco_kwargs", {})
      print(len(weights), arguments["enc_embed_dim"], weights["mask_token"].shape, weights["enc_pos_embed"].dtype)
      """
    let result = try runProcess(try #require(torchPython), ["-c", program, path])
    #expect(result.output == "85 32 torch.Size([1, 1, 24]) torch.float32\n", "\(result)")
  }
}
