import Foundation
import Runtime

/// The parameters of a CroCoNet: official names, shapes, order and initial values.
package enum ParameterLayout {
  /// Names and shapes in forward order; `projk` and `projv` lie side by side so that one GEMM serves both.
  package static func shapes(_ configuration: ModelConfiguration) -> [(name: String, shape: [Int])] {
    let encoder = configuration.encoderDimension
    let decoder = configuration.decoderDimension
    let patch = configuration.patchSize
    var shapes: [(name: String, shape: [Int])] = [
      ("patch_embed.proj.weight", [encoder, 3, patch, patch]), ("patch_embed.proj.bias", [encoder]),
    ]
    for block in 0..<configuration.encoderDepth {
      let name = "enc_blocks.\(block)."
      shapes += norm(name + "norm1", encoder) + selfAttention(name + "attn", encoder)
      shapes += norm(name + "norm2", encoder) + feedForward(name + "mlp", encoder, configuration.mlpRatio)
    }
    shapes += norm("enc_norm", encoder) + linear("decoder_embed", decoder, encoder)
    shapes.append(("mask_token", [1, 1, decoder]))
    for block in 0..<configuration.decoderDepth {
      let name = "dec_blocks.\(block)."
      shapes += norm(name + "norm1", decoder) + selfAttention(name + "attn", decoder)
      if configuration.normalizesMemory { shapes += norm(name + "norm_y", decoder) }
      shapes += norm(name + "norm2", decoder) + crossAttention(name + "cross_attn", decoder)
      shapes += norm(name + "norm3", decoder) + feedForward(name + "mlp", decoder, configuration.mlpRatio)
    }
    return shapes + norm("dec_norm", decoder) + linear("prediction_head", configuration.patchDimension, decoder)
  }

  /// The position tables that the official `state_dict` holds as buffers; none with RoPE.
  package static func buffers(_ configuration: ModelConfiguration) -> [(name: String, shape: [Int], values: [Float])] {
    guard case .cosine = configuration.positionEmbedding else { return [] }
    return [("enc_pos_embed", configuration.encoderDimension), ("dec_pos_embed", configuration.decoderDimension)].map {
      name, dimension in
      let table = PositionTable.sineCosine(
        dimension: dimension, rows: configuration.gridHeight, columns: configuration.gridWidth)
      return (name, [configuration.patchCount, dimension], table)
    }
  }

  /// Sets the official initial values: Xavier uniform matrices (`qkv` and the patch embedding as one matrix each), zero
  /// biases but for the patch embedding's (uniform within 1 / sqrt(3 p^2)), norms 1 and 0, mask token normal with 0.02.
  ///
  /// Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
  ///
  /// - Parameter pool: shares the parameters; the values do not depend on it.
  package static func initialize(_ store: ParameterStore, seed: UInt64, pool: WorkerPool) {
    pool.run(store.parameters.count) { index, _ in
      let parameter = store.parameters[index]
      var random = RandomStream(seed: seed, purpose: .initialization, index: index)
      let values = UnsafeMutableBufferPointer(rebasing: store.values.elements[parameter.range])
      if parameter.name == "mask_token" {
        for i in values.indices { values[i] = 0.02 * random.nextNormal() }
      } else if parameter.name == "patch_embed.proj.bias" {
        let inputs = store.parameter("patch_embed.proj.weight").shape.dropFirst().reduce(1, *)
        let bound = 1 / Float(inputs).squareRoot()
        for i in values.indices { values[i] = random.nextUniform(-bound...bound) }
      } else if parameter.shape.count > 1 {
        let outputs = parameter.shape[0]
        let inputs = values.count / outputs
        let bound = (6 / Float(inputs + outputs)).squareRoot()
        for i in values.indices { values[i] = random.nextUniform(-bound...bound) }
      } else {
        let isNormWeight = parameter.name.hasSuffix(".weight")
        for i in values.indices { values[i] = isNormWeight ? 1 : 0 }
      }
    }
  }

  private static func linear(_ name: String, _ outputs: Int, _ inputs: Int) -> [(name: String, shape: [Int])] {
    [(name + ".weight", [outputs, inputs]), (name + ".bias", [outputs])]
  }

  private static func norm(_ name: String, _ dimension: Int) -> [(name: String, shape: [Int])] {
    [(name + ".weight", [dimension]), (name + ".bias", [dimension])]
  }

  private static func selfAttention(_ name: String, _ dimension: Int) -> [(name: String, shape: [Int])] {
    linear(name + ".qkv", 3 * dimension, dimension) + linear(name + ".proj", dimension, dimension)
  }

  private static func crossAttention(_ name: String, _ dimension: Int) -> [(name: String, shape: [Int])] {
    linear(name + ".projq", dimension, dimension) + [
      (name + ".projk.weight", [dimension, dimension]), (name + ".projv.weight", [dimension, dimension]),
      (name + ".projk.bias", [dimension]), (name + ".projv.bias", [dimension]),
    ] + linear(name + ".proj", dimension, dimension)
  }

  private static func feedForward(_ name: String, _ dimension: Int, _ ratio: Int) -> [(name: String, shape: [Int])] {
    linear(name + ".fc1", ratio * dimension, dimension) + linear(name + ".fc2", dimension, ratio * dimension)
  }
}
