import CroCoModel
import Foundation
import Runtime
import TestSupport
import Testing

/// Presets and initial values against the inventory of the released models.
@Suite struct InventoryTests {
  static let names = [
    "croco_v1_base": "CroCo (v1) ViT-Base, small decoder, cosine",
    "crocov2_base_small": "CroCo v2 ViT-Base, small decoder",
    "crocov2_base_base": "CroCo v2 ViT-Base, base decoder",
    "crocov2_large_base": "CroCo v2 ViT-Large, base decoder",
  ]

  private func models() throws -> [String: [String: Any]] {
    let data = try Data(contentsOf: URL(fileURLWithPath: ReferenceCase.path("model_inventory.json")))
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    return try #require(object["models"] as? [String: [String: Any]])
  }

  @Test(
    "Presets of released weights have their parameter counts and arguments",
    arguments: ModelPreset.all.filter(\.isReleased).map(\.name))
  func presets(name: String) throws {
    let configuration = try #require(ModelConfiguration.preset(name))
    let model = try #require(try models()[Self.names[name] ?? ""])
    #expect(
      try #require(ModelConfiguration(officialArguments: model["croco_kwargs"] as? [String: Any] ?? [:]))
        == configuration)
    let count = CroCoNet.declarations(configuration).reduce(0) { $0 + $1.count }
    #expect(count == model["parameters"] as? Int)
  }

  @Test("Names and shapes of the default model are the official ones")
  func shapes() throws {
    let shapes = try #require(try models()[Self.names["croco_v1_base"]!]?["shapes"] as? [String: [Int]])
    let configuration = ModelConfiguration()
    var own = Dictionary(uniqueKeysWithValues: CroCoNet.declarations(configuration).map { ($0.name, $0.shape) })
    for buffer in CroCoNet.buffers(configuration) { own[buffer.name] = buffer.shape }
    #expect(own == shapes)
  }

  @Test("Initial values follow the official rules")
  func initialization() {
    var configuration = ModelConfiguration()
    configuration.encoderDepth = 1
    configuration.decoderDepth = 1
    let store = CroCoNet.makeParameters(configuration)
    store.initialize(seed: 1, pool: WorkerPool(workerCount: 1))
    func bound(_ name: String) -> Float {
      store.values.elements[store.parameter(name).range].reduce(0) { max($0, abs($1)) }
    }
    let expected: [(String, Float)] = [
      ("patch_embed.proj.weight", 0.0625), ("patch_embed.proj.bias", 0.036084391),
      ("enc_blocks.0.attn.qkv.weight", 0.044194174),
      ("enc_blocks.0.attn.proj.weight", 0.0625), ("enc_blocks.0.mlp.fc1.weight", 0.03952847),
    ]
    for (name, limit) in expected {
      #expect(bound(name) <= limit * 1.000001 && bound(name) > 0.98 * limit, "\(name): \(bound(name))")
    }
    #expect(bound("enc_blocks.0.attn.qkv.bias") == 0)
    #expect(bound("enc_norm.weight") == 1)
    #expect((0.05...0.1).contains(bound("mask_token")))
  }

  @Test("A changed seed changes the initial values, the same seed gives the same bytes with any number of threads")
  func seeds() throws {
    let configuration = try ReferenceCase("tiny_rope").configuration()
    let stores = [(UInt64(1), 1), (1, 3), (2, 1)].map { seed, workers in
      let store = CroCoNet.makeParameters(configuration)
      store.initialize(seed: seed, pool: WorkerPool(workerCount: workers))
      return Array(store.values.elements)
    }
    #expect(stores[0] == stores[1])
    #expect(stores[0] != stores[2])
  }
}
