import Kernels

/// All layers of a network over one kind of element, and the scratch of its workers, made from a plan.
struct NetworkLayers<Element: MatrixElement> {
  let encoder: Encoder<Element>
  let decoder: Decoder<Element>
  let head: any Head<Element>
  let scratch: [Scratch<Element>]  // by worker

  /// Makes encoder, decoder and head, in the order of the store.
  init(
    _ configuration: ModelConfiguration, batchSize: Int, slabCount: Int, workerCount: Int, in plan: NetworkPlan<Element>
  ) {
    let division = BatchDivision(
      batchSize: batchSize, longestSequence: configuration.patchCount, slabCount: slabCount, workerCount: workerCount,
      joinsSlabs: Element.products.pointee.elementsAreIndependent)
    let tokens = TokenLayout(lengths: [configuration.visibleCount, configuration.patchCount], division)
    let handover = Decoder.Handover(configuration, source: tokens, in: plan)
    // Backward is through with decoder and head when it comes to the encoder; one block at a time has its weights packed.
    let overlay = Arena.Overlay([plan.backward, plan.weights])
    let encoder = overlay.layOut { Encoder(configuration, tokens, in: plan) }
    (decoder, head) = overlay.layOut {
      let decoder = Decoder(configuration, source: tokens, at: encoder.positions, handover, in: plan)
      return (decoder, PixelHead(configuration, rows: decoder.tokens.rows, in: plan))
    }
    self.encoder = encoder
    let size = encoder.scratchSize | decoder.scratchSize
    scratch = (0..<workerCount).map { _ in Scratch(plan.kept, size) }
  }
}
