import CroCoModel
import Testing

/// The counted work of a network.
@Suite struct OperationCountTests {
  @Test("CroCo v1 base costs 53.1 GFLOP a pair forward and 161 with backward, counted by hand")
  func base() {
    // 216 tokens in the encoder (20 visible of view 1, 196 of view 2), 196 in the decoder; 2 operations a product.
    let encoder = 12.0 * 216 * 2 * (12 * 768 * 768)  // qkv 3, proj 1, MLP 8 matrices of C x C
    let encoderAttention = 12.0 * (20 * 20 + 196 * 196) * 2 * (2 * 768)  // logits and weighted sum
    let decoder = 8.0 * 196 * 2 * (16 * 512 * 512)  // 4 more for cross-attention
    let decoderAttention = 8.0 * 2 * (196 * 196) * 2 * (2 * 512)
    let ends = 2.0 * (216 * 768 * 768 + 216 * 768 * 512 + 196 * 512 * 768)  // patches, decoder_embed, head
    let forward = encoder + encoderAttention + decoder + decoderAttention + ends
    let count = OperationCount(ModelConfiguration())
    #expect(abs(count.forward / forward - 1) < 1e-12)
    // The last two lines are the sums as numbers: embedding also the hidden patches would make it 53.3.
    #expect(abs(count.forward - 53.11e9) < 0.01e9)
    #expect(abs(count.forwardAndBackward - 160.7e9) < 0.1e9)
  }

  @Test(
    "Linear work follows from the shapes of the parameters and the rows that they see",
    arguments: ModelConfiguration.presetNames)
  func parameters(preset: String) throws {
    let model = try #require(ModelConfiguration.preset(preset))
    let (visible, patches) = (Double(model.visibleCount), Double(model.patchCount))
    var operations = 0.0
    for (name, shape) in ParameterLayout.shapes(model) where name.hasSuffix(".weight") && shape.count > 1 {
      let isDecoder = name.hasPrefix("dec_blocks") || name.hasPrefix("prediction_head")
      operations += 2 * Double(shape.reduce(1, *)) * (isDecoder ? patches : visible + patches)
    }
    let encoder = Double(model.encoderDepth * model.encoderDimension) * (visible * visible + patches * patches)
    let decoder = 2 * Double(model.decoderDepth * model.decoderDimension) * patches * patches
    operations += 4 * (encoder + decoder)
    #expect(abs(OperationCount(model).forward / operations - 1) < 1e-12)
  }
}
