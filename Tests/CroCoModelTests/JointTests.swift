import CroCoModel
import Foundation
import Kernels
import Runtime
import TestSupport
import Testing

/// What stands on parts of a network: other image sizes over the same parameters, the encoder alone, attention maps.
@Suite struct JointTests {
  // MARK: - Other image sizes

  @Test("Networks of a square and a rectangular image share parameters", arguments: ["cosine", "rope"])
  func imageSizes(kind: String) throws {
    let reference = try ReferenceCase("rect_forward")
    let prefix =
      reference.tensors.entries.contains { $0.name.hasPrefix("\(kind).param.") } ? "\(kind).param." : "param."
    let run = try ReferenceRun(
      reference, positionEmbedding: kind == "rope" ? "RoPE100" : "cosine", parameterPrefix: prefix)
    let square = Square(run, store: run.store)
    let alone = CroCoNet.makeParameters(square.configuration)
    _ = alone.values.elements.update(fromContentsOf: run.store.values.elements)
    let expected = Square(run, store: alone)
    expected.step()

    // Between two passes of the other network, to see what they share.
    run.forward()
    square.step()
    let objective = run.makeLoss()
    #expect(relativeDifference(Array(run.network.prediction.elements), try reference("\(kind).pred")) < 3e-6)
    #expect(Array(square.network.prediction.elements) == Array(expected.network.prediction.elements))
    #expect(Array(run.store.gradients.elements) == Array(alone.gradients.elements))

    // Gradients of both sizes add up.
    run.network.backward(from: objective, for: run.input, scale: 1, adding: true)
    let both = Array(run.store.gradients.elements)
    run.network.backward(from: objective, for: run.input, scale: 1)
    let sum = zip(run.store.gradients.elements, alone.gradients.elements).map { $0 + $1 }
    #expect(relativeDifference(both, sum) < 1e-6)
  }

  /// A network of another image size over a store, with images of its own.
  private struct Square {
    let configuration: ModelConfiguration
    let network: CroCoNet
    let objective: any Objective
    let input: NetworkInput

    init(_ run: ReferenceRun, store: ParameterStore) {
      var configuration = run.configuration
      (configuration.imageHeight, configuration.imageWidth) = (3 * configuration.patchSize, 3 * configuration.patchSize)
      self.configuration = configuration
      network = CroCoNet(configuration, batchSize: 2, slabCount: 2, parameters: store, pool: run.pool)
      objective = LossConfiguration().makeObjective(configuration, batchSize: 2, slabCount: 2, pool: run.pool)
      var random = RandomStream(seed: 5, purpose: .test)
      let count = 2 * 3 * configuration.imageHeight * configuration.imageWidth
      let views = (0..<2).map { _ in ReferenceRun.buffer((0..<count).map { _ in random.nextNormal() }) }
      let masked = configuration.maskedCount
      let mask = (0..<2 * configuration.patchCount).map { UInt8($0 % configuration.patchCount < masked ? 1 : 0) }
      input = ReferenceRun.input(views[0], views[1], ReferenceRun.buffer(mask), 2)
    }

    func step() {
      _ = network.loss(of: input, by: objective)
      network.backward(from: objective, for: input, scale: 1)
    }
  }

  // MARK: - The encoder alone

  @Test("The encoder alone has the features that the reference has of view 2", arguments: ["tiny_cosine", "tiny_rope"])
  func imageEncoder(name: String) throws {
    let reference = try ReferenceCase(name)
    let run = try ReferenceRun(reference)
    let recorder = TensorRecorder(["act.enc_blocks.0", "act.enc_blocks.1"])
    run.network.recorder = recorder
    run.forward()
    func features(_ block: Int?) -> [Float] {
      let encoder = FeatureNetwork(
        run.configuration, batchSize: run.batchSize, slabCount: 1, parameters: run.store, pool: run.pool,
        output: FeatureNetwork.Output(.encoder, block: block))
      encoder.forward([run.input.view2])
      return Array(encoder.features.elements)
    }
    #expect(relativeDifference(features(nil), try reference("act.enc_norm.img2")) < 5e-6)
    #expect(recorder.tensors.count == 4)
    for block in 0..<2 {
      let tensor = try #require(recorder.tensors.first { $0.name == "act.enc_blocks.\(block).img2" })
      #expect(relativeDifference(features(block), tensor.values) < 1e-6)
    }
  }

  @Test(
    "The encoder alone works in bf16, too",
    .enabled(if: MatrixProducts.bfloat16Obstacle == nil))
  func brainImageEncoder() throws {
    let run = try ReferenceRun(try ReferenceCase("tiny_rope"))
    let features = [Precision.fp32, .bf16].map { precision in
      let encoder = FeatureNetwork(
        run.configuration, batchSize: run.batchSize, slabCount: 2, parameters: run.store, pool: run.pool,
        precision: precision)
      encoder.forward([run.input.view1])
      return Array(encoder.features.elements)
    }
    let difference = relativeDifference(features[1], features[0])
    #expect(difference < 0.01 && difference > 1e-5)
  }

  @Test(
    "The decoder's features of pairs are those of the whole network with nothing masked",
    arguments: ["tiny_cosine", "tiny_rope"], [Precision.fp32, .int8])
  func pairs(name: String, precision: Precision) throws {
    let run = try ReferenceRun(try ReferenceCase(name))
    var configuration = run.configuration
    configuration.maskRatio = 0
    let network = CroCoNet(
      configuration, batchSize: run.batchSize, slabCount: 1, parameters: run.store, pool: run.pool, precision: precision
    )
    network.recorder = TensorRecorder(["act.dec_blocks.0", "act.dec_blocks.1", "act.dec_norm"])
    let visible = AlignedBuffer<UInt8>(count: run.batchSize * configuration.patchCount)
    let mask = MatrixView<UInt8>(visible.pointer, rows: run.batchSize, columns: configuration.patchCount)
    network.forward(NetworkInput(view1: run.input.view1, view2: run.input.view2, mask: mask, owner: visible))
    let expected = network.recorder?.tensors ?? []
    #expect(expected.count == 3)
    for (tensor, block) in zip(expected, [0, 1, nil]) {
      let features = FeatureNetwork(
        run.configuration, batchSize: run.batchSize, slabCount: 1, parameters: run.store, pool: run.pool,
        precision: precision, output: FeatureNetwork.Output(.decoder, block: block))
      features.forward([run.input.view1, run.input.view2])
      #expect(features.features.elements.elementsEqual(tensor.values), "\(tensor.name)")
    }
  }

  // MARK: - Attention maps

  @Test("Maps of cross-attention are the soft-max of queries and keys")
  func attentionMaps() throws {
    let run = try ReferenceRun(try ReferenceCase("tiny_cosine"))
    let block = "dec_blocks.1."
    let recorder = TensorRecorder(
      ["cross_attn.map", "norm2", "norm_y"].map { "act." + block + $0 }.reduce(into: []) { $0.insert($1) })
    run.network.recorder = recorder
    run.forward()
    let tensors = Dictionary(uniqueKeysWithValues: recorder.tensors.map { ($0.name, $0) })
    let map = try #require(tensors["act.\(block)cross_attn.map"])
    let (heads, tokens) = (run.configuration.decoderHeadCount, run.configuration.patchCount)
    #expect(map.shape == [run.batchSize, heads, tokens, tokens])
    let queries = try linear(run, block + "cross_attn.projq", #require(tensors["act.\(block)norm2"]).values)
    let keys = try linear(run, block + "cross_attn.projk", #require(tensors["act.\(block)norm_y"]).values)
    let width = run.configuration.decoderDimension
    let size = width / heads
    var expected: [Float] = []
    for sample in 0..<run.batchSize {
      for head in 0..<heads {
        for query in 0..<tokens {
          let logits = (0..<tokens).map { key in
            (0..<size).reduce(0.0) { sum, channel in
              let place = head * size + channel
              return sum + queries[(sample * tokens + query) * width + place]
                * keys[(sample * tokens + key) * width + place]
            } / Double(size).squareRoot()
          }
          let total = logits.reduce(0) { $0 + exp($1) }
          expected += logits.map { Float(exp($0) / total) }
        }
      }
    }
    #expect(relativeDifference(map.values, expected) < 1e-5)
  }

  /// x W^T + b in double precision.
  private func linear(_ run: ReferenceRun, _ name: String, _ x: [Float]) -> [Double] {
    let weight = run.store.values.elements[run.store.parameter(name + ".weight").range]
    let bias = run.store.values.elements[run.store.parameter(name + ".bias").range]
    let inputs = weight.count / bias.count
    return (0..<x.count / inputs).flatMap { row in
      bias.indices.enumerated().map { output, place in
        (0..<inputs).reduce(Double(bias[place])) {
          $0 + Double(x[row * inputs + $1]) * Double(weight[weight.startIndex + output * inputs + $1])
        }
      }
    }
  }
}
