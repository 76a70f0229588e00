import Kernels

/// The encoder: patch embedding, transformer blocks, a norm; the same for every image.
///
/// Source: ViT (Dosovitskiy et al., 2021); CroCo uses it for both views with the same weights. It runs over any layout of
/// tokens: those of pairs, view 1 masked, or of single images.
struct Encoder<Element: MatrixElement> {
  /// The rows of its tokens.
  let tokens: TokenLayout
  /// The patch index of each row, as of the last ``place(mask:)``: [rows].
  let positions: UnsafeMutablePointer<Int32>

  private let embedding: (layers: PatchEmbedding<Element>, range: Range<Int>)
  let stack: TransformerStack<Element>
  private let patchCount: Int  // N

  init(_ configuration: ModelConfiguration, _ tokens: TokenLayout, in plan: NetworkPlan<Element>) {
    self.tokens = tokens
    patchCount = configuration.patchCount
    let shape = StackShape(
      tokens: tokens, dimension: configuration.encoderDimension, headCount: configuration.encoderHeadCount,
      mlpRatio: configuration.mlpRatio)
    positions = plan.kept.elements(tokens.rows)
    let places = PositionEmbedding("enc_pos_embed", configuration, shape, at: positions, in: plan)
    embedding = plan.parameters.range {
      PatchEmbedding("patch_embed.proj", configuration, shape, places, in: plan)
    }
    let gradients = (0..<2).map { _ in plan.backward.stream(tokens.rows, shape.dimension) as Stream<Element> }
    stack = TransformerStack(
      shape, depth: configuration.encoderDepth, norm: "enc_norm", gradients: gradients, in: plan
    ) { index, plan in
      Self.block("enc_blocks.\(index)", shape, places.rotary, in: plan)
    }
  }

  /// A ViT block: self-attention, then an MLP.
  private static func block(
    _ name: String, _ shape: StackShape, _ rotary: Rotary?, in plan: NetworkPlan<Element>
  ) -> TransformerBlock<Element> {
    let norm1 = LayerNorm(name + ".norm1", dimension: shape.dimension, shape.tokens, in: plan)
    let attention = SelfAttention(name + ".attn", shape, rotary, in: plan)
    let norm2 = LayerNorm(name + ".norm2", dimension: shape.dimension, shape.tokens, in: plan)
    let feedForward = FeedForward(name + ".mlp", shape, in: plan)
    return TransformerBlock(name, shape, in: plan, stages: [(norm1, attention), (norm2, feedForward)])
  }

  /// The scratch of a worker.
  var scratchSize: Scratch<Element>.Size { stack.scratchSize }

  /// Lists the patch index of each row: of a sample's first sequence the visible patches in raster order, of the others all.
  ///
  /// - Parameter mask: 1 = masked, raster order: [B, N]; nil: all patches of the first sequence are visible, too.
  func place(mask: MatrixView<UInt8>?) {
    var row = 0
    for sample in 0..<tokens.batchSize {
      for (view, length) in tokens.lengths.enumerated() {
        let hidden = view == 0 ? mask?.row(sample) : nil
        let end = row + length
        for patch in 0..<patchCount where hidden == nil || hidden![patch] == 0 {
          precondition(row < end, "sample \(sample) has more than \(length) visible patches")
          positions[row] = Int32(patch)
          row += 1
        }
        precondition(row == end, "sample \(sample) has fewer than \(length) visible patches")
      }
    }
  }

  /// Embeds the patches of one stretch: what the stack begins with.
  ///
  /// - Parameter views: the images of each sequence of a sample: [B, 3 * H * W] each.
  func embed(_ views: [Matrix], _ pass: Pass<Element>) {
    pass.awaitParameters(embedding.range)
    embedding.layers.forward(views, into: stack.input, pass)
  }

  /// Backward from the gradient that `reader` has for the features.
  ///
  /// - Parameter finished: is told which elements of the store's gradients are complete.
  func backward(
    from reader: any FeatureReader<Element>, _ runner: SlabRunner<Element>, finished: (Range<Int>) -> Void
  ) {
    stack.backward(from: reader, runner, finished: finished)
    let gradient = stack.inputGradient
    if runner.recorder != nil {
      runner.forEachSlab(of: tokens) { pass in pass.record("enc_in", gradient.values[pass.rows]) }
    }
    runner.formGradients(tokens) { part in embedding.layers.formGradients(gradient.operands, part) }
    finished(embedding.range)
  }

  /// The gradients with respect to the images of each sequence of a sample, after backward: [B, 3, H, W] each.
  func imageGradients() -> [[Float]] { embedding.layers.imageGradients(stack.inputGradient.operands, tokens) }

  /// The embedding of every patch of images [B, 3 * H * W], before positions: [B, N, C].
  func patchEmbeddings(of images: Matrix) -> [Float] { embedding.layers.allTokens(images) }
}
