import CroCoModel
import Testing

/// The counted work of a network.
@Suite struct OperationCountTests {
  @Test("CroCo v1 base costs 53.1 GFLOP a pair forward and 159 with backward, counted by hand")
  func base() {
    // Multiply-adds. 216 tokens in the encoder (20 visible of view 1, 196 of view 2), 196 in the decoder.
    let encoder: Int = 12 * 216 * 12 * 768 * 768  // blocks, tokens; qkv 3, proj 1, MLP 8 matrices of C x C
    let encoderAttention: Int = 12 * (20 * 20 + 196 * 196) * 2 * 768  // logits and weighted sum
    let decoder: Int = 8 * 196 * 16 * 512 * 512  // 4 more for cross-attention
    let decoderAttention: Int = 8 * 2 * 196 * 196 * 2 * 512
    let patches: Int = 216 * 768 * 768
    let ends: Int = 216 * 768 * 512 + 196 * 512 * 768  // decoder_embed, head
    let forward = Double(2 * (encoder + encoderAttention + decoder + decoderAttention + patches + ends))
    let count = OperationCount(ModelConfiguration())
    #expect(abs(count.forward / forward - 1) < 1e-12)
    // Embedding also the patches that are hidden would make it 53.3.
    #expect(abs(count.forward - 53.11e9) < 0.01e9)
    // Twice as much backward. Logits that backward forms again are left out, as is usual for MFU: 160.7 with them.
    #expect(abs(count.forwardAndBackward - 159.3e9) < 0.1e9)
  }

  @Test(
    "Linear work follows from the shapes of the parameters and the rows that they see",
    arguments: ModelConfiguration.presetNames)
  func parameters(preset: String) throws {
    let model = try #require(ModelConfiguration.preset(preset))
    let (visible, patches) = (Double(model.visibleCount), Double(model.patchCount))
    var operations = 0.0
    for parameter in CroCoNet.declarations(model) where parameter.isDecayed && parameter.name != "mask_token" {
      let name = parameter.name
      let isDecoder = name.hasPrefix("dec_blocks") || name.hasPrefix("prediction_head")
      operations += 2 * Double(parameter.count) * (isDecoder ? patches : visible + patches)
    }
    let encoder = Double(model.encoderDepth * model.encoderDimension) * (visible * visible + patches * patches)
    let decoder = 2 * Double(model.decoderDepth * model.decoderDimension) * patches * patches
    operations += 4 * (encoder + decoder)
    #expect(abs(OperationCount(model).forward / operations - 1) < 1e-12)
  }
}
