internal import CKernels
import Tensors

/// The cross-view completion network: one encoder for both views, a decoder that completes view 1 with the help of view 2.
///
/// Source: Weinzaepfel et al., "CroCo", NeurIPS 2022; "CroCo v2", ICCV 2023. Forward and backward are explicit, draw no random
/// number and allocate nothing. Results depend on the slab count, not on the number of workers.
public final class CroCoNet {
  /// The network's sizes.
  public let configuration: ModelConfiguration
  /// Pairs of a micro-batch, B.
  public let batchSize: Int
  /// The parameters and gradients that the network works on; several networks may share them.
  public let parameters: ParameterStore

  private let pool: WorkerPool
  private let policy: ActivationPolicy
  private let layout: TokenLayout
  private let arena: AlignedBuffer<Float>
  private let memory: NetworkMemory
  private let encoderPositions: AlignedBuffer<Int32>  // patch index of each encoder row
  private let decoderPositions: AlignedBuffer<Int32>
  private let patchEmbedding: PatchEmbedding
  private let encoder: [EncoderBlock]
  private let encoderNorm: LayerNorm
  private let decoderInput: DecoderInput
  private let decoder: [DecoderBlock]
  private let decoderNorm: LayerNorm
  private let head: Linear
  private var mask: UnsafePointer<UInt8>?
  /// Where intermediate tensors go, if anywhere.
  public var recorder: TensorRecorder?

  /// Builds a network over parameters made by ``makeParameters(_:)`` for the same configuration.
  ///
  /// - Parameters:
  ///   - slabCount: into how many slabs of whole samples a micro-batch is cut; part of the definition of the result.
  ///   - activations: what is kept for ``backward(predictionGradient:)``; it does not change results.
  public init(
    _ configuration: ModelConfiguration, batchSize: Int, slabCount: Int, parameters: ParameterStore, pool: WorkerPool,
    activations: ActivationPolicy = .keep
  ) {
    if let problem = configuration.problem { preconditionFailure("\(problem.property) \(problem.sentence)") }
    self.configuration = configuration
    self.batchSize = batchSize
    self.parameters = parameters
    self.pool = pool
    policy = activations
    let layout = TokenLayout(configuration, batchSize: batchSize, slabCount: slabCount)
    self.layout = layout
    let plan = Arena()
    _ = NetworkMemory(
      plan, configuration, layout, workerCount: pool.workerCount, activations)
    arena = AlignedBuffer(count: plan.count)
    memory = NetworkMemory(
      Arena(arena.pointer, capacity: arena.count), configuration, layout, workerCount: pool.workerCount,
      activations)
    encoderPositions = AlignedBuffer(count: layout.encoderRows)
    decoderPositions = AlignedBuffer(count: layout.decoderRows)
    for row in 0..<layout.decoderRows { decoderPositions.pointer[row] = Int32(row % configuration.patchCount) }

    patchEmbedding = PatchEmbedding(configuration, in: parameters)
    let encoderRotary = Rotary(
      configuration, headCount: configuration.encoderHeadCount,
      headSize: configuration.encoderDimension / configuration.encoderHeadCount, positions: encoderPositions.pointer)
    encoder = (0..<configuration.encoderDepth).map {
      EncoderBlock(
        "enc_blocks.\($0)", headCount: configuration.encoderHeadCount, rotary: encoderRotary, in: parameters)
    }
    encoderNorm = LayerNorm("enc_norm", in: parameters)
    decoderInput = DecoderInput(configuration, layout, in: parameters)
    let decoderRotary = Rotary(
      configuration, headCount: configuration.decoderHeadCount,
      headSize: configuration.decoderDimension / configuration.decoderHeadCount, positions: decoderPositions.pointer)
    decoder = (0..<configuration.decoderDepth).map {
      DecoderBlock(
        "dec_blocks.\($0)", headCount: configuration.decoderHeadCount, rotary: decoderRotary, in: parameters)
    }
    decoderNorm = LayerNorm("dec_norm", in: parameters)
    head = Linear("prediction_head", in: parameters)
  }

  /// A parameter store with the network's official names and shapes, all zero.
  public static func makeParameters(_ configuration: ModelConfiguration) -> ParameterStore {
    ParameterStore(shapes: ParameterLayout.shapes(configuration))
  }

  /// The bytes of activations, scratch and gradient buffers of one micro-batch, without parameters.
  public static func activationBytes(
    _ configuration: ModelConfiguration, batchSize: Int, slabCount: Int, workerCount: Int,
    activations: ActivationPolicy = .keep
  ) -> Int {
    let plan = Arena()
    let layout = TokenLayout(configuration, batchSize: batchSize, slabCount: slabCount)
    _ = NetworkMemory(plan, configuration, layout, workerCount: workerCount, activations)
    return plan.count * MemoryLayout<Float>.size
  }

  /// The network's output: [B, N, P], overwritten by the next ``forward(view1:view2:mask:)``.
  public var prediction: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: memory.prediction.pointer, count: memory.prediction.count)
  }

  /// Completes view 1.
  ///
  /// - Parameters:
  ///   - view1: the image to complete, normalised: [B, 3, H, W].
  ///   - view2: the reference, normalised: [B, 3, H, W].
  ///   - mask: 1 = masked, raster order, ``ModelConfiguration/maskedCount`` ones a row: [B, N]. It must stay valid
  ///     until the backward pass.
  public func forward(view1: UnsafePointer<Float>, view2: UnsafePointer<Float>, mask: UnsafePointer<UInt8>) {
    setPositions(mask)
    self.mask = mask
    recorder?.beginForward()
    pool.run(layout.slabs.count) { index, worker in
      let slab = layout.slabs[index]
      let scratch = memory.scratch[worker]
      encode(view1, view2, slab, scratch)
      decode(slab, scratch)
    }
  }

  /// Adds the gradients of all parameters for a gradient with respect to the prediction: [B, N, P].
  ///
  /// Follows a ``forward(view1:view2:mask:)`` of the same micro-batch.
  public func backward(predictionGradient: UnsafePointer<Float>) {
    guard let gradients = memory.gradients, let mask else {
      preconditionFailure("backward needs a forward pass of a network that keeps its activations")
    }
    recorder?.beginBackward()
    let outputGradient = Matrix(
      UnsafeMutablePointer(mutating: predictionGradient), rows: layout.decoderRows, columns: head.outputs)
    backwardHead(outputGradient, gradients)
    let decoderGradient = backwardDecoder(gradients)
    backwardDecoderInput(decoderGradient, mask, gradients)
    backwardEncoder(gradients)
  }

  /// The gradients with respect to both images, [B, 3, H, W] each, after ``backward(predictionGradient:)``.
  public func imageGradients() -> (view1: [Float], view2: [Float]) {
    guard let gradients = memory.gradients else { preconditionFailure("the network keeps no gradients") }
    return patchEmbedding.imageGradients(
      gradients.encoderStreams[configuration.encoderDepth % 2], positions: encoderPositions.pointer, layout)
  }

  /// The patch embedding of all patches of an image, before positions: [B, N, C]. For `croco dump`; training embeds only
  /// what the encoder sees.
  public func patchEmbeddings(of images: UnsafePointer<Float>) -> [Float] {
    patchEmbedding.allTokens(images, batchSize: batchSize)
  }

  // MARK: - Forward

  /// Lists the patch index of each encoder row: the visible patches of view 1 in raster order, then all of view 2.
  private func setPositions(_ mask: UnsafePointer<UInt8>) {
    var row = 0
    for sample in 0..<batchSize {
      let first = row
      for patch in 0..<layout.patchCount where mask[sample * layout.patchCount + patch] == 0 {
        precondition(
          row - first < layout.visibleCount, "sample \(sample) has more than \(layout.visibleCount) visible patches")
        encoderPositions.pointer[row] = Int32(patch)
        row += 1
      }
      precondition(
        row - first == layout.visibleCount, "sample \(sample) has fewer than \(layout.visibleCount) visible patches")
      for patch in 0..<layout.patchCount { encoderPositions.pointer[row + patch] = Int32(patch) }
      row += layout.patchCount
    }
  }

  private func encode(
    _ view1: UnsafePointer<Float>, _ view2: UnsafePointer<Float>, _ slab: TokenLayout.Slab, _ scratch: Scratch
  ) {
    patchEmbedding.forward(
      view1: view1, view2: view2, positions: encoderPositions.pointer, slab, patches: memory.patches,
      into: memory.encoderStreams[0], recorder)
    for (index, block) in encoder.enumerated() { encode(block, index, slab, scratch, recorder) }
    let output = memory.encoderStreams[encoder.count][slab.encoderRows]
    let normalized = scratch.normalized(output.rows, output.columns)
    encoderNorm.forward(output, into: normalized, memory.encoderStatistics, firstRow: slab.encoderRows.lowerBound)
    recorder?.record("enc_norm", normalized, slab.encoderRows)
    decoderInput.forward(
      normalized, embedded: scratch.gradient(output.rows, configuration.decoderDimension),
      positions: encoderPositions.pointer, slab, stream: memory.decoderStreams[0], memory: memory.memory, recorder)
  }

  private func decode(_ slab: TokenLayout.Slab, _ scratch: Scratch) {
    for (index, block) in decoder.enumerated() { decode(block, index, slab, scratch, recorder) }
    let output = memory.decoderStreams[decoder.count][slab.decoderRows]
    let normalized = scratch.normalized(output.rows, output.columns)
    decoderNorm.forward(output, into: normalized, memory.decoderStatistics, firstRow: slab.decoderRows.lowerBound)
    recorder?.record("dec_norm", normalized, slab.decoderRows)
    let prediction = memory.prediction[slab.decoderRows]
    head.forward(normalized, into: prediction)
    croco_add_bias(prediction.pointer, prediction.columns, head.bias, prediction.rows, prediction.columns)
    recorder?.record("pred", prediction, slab.decoderRows)
  }

  private func encode(
    _ block: EncoderBlock, _ index: Int, _ slab: TokenLayout.Slab, _ scratch: Scratch, _ recorder: TensorRecorder?
  ) {
    block.forward(
      memory.encoderStreams[index], into: memory.encoderStreams[index + 1], rows: slab.encoderRows,
      sequences: slab.encoderSequences, memory.encoderSaved[index], scratch, recorder)
  }

  private func decode(
    _ block: DecoderBlock, _ index: Int, _ slab: TokenLayout.Slab, _ scratch: Scratch, _ recorder: TensorRecorder?
  ) {
    block.forward(
      memory.decoderStreams[index], memory: memory.memory, into: memory.decoderStreams[index + 1],
      rows: slab.decoderRows, sequences: slab.decoderSequences, memory.decoderSaved[index], scratch, recorder)
  }

  // MARK: - Backward: for each layer the gradients of the rows (by slab), then those of the parameters (by part)

  private func backwardHead(_ outputGradient: Matrix, _ gradients: NetworkGradients) {
    gradients.finalNorms.clear()
    pool.run(layout.slabs.count) { index, worker in
      let slab = layout.slabs[index]
      let scratch = memory.scratch[worker]
      let normalizedGradient = scratch.normalized(slab.decoderRows.count, configuration.decoderDimension)
      recorder?.record("pred", outputGradient[slab.decoderRows], slab.decoderRows)
      head.backward(outputGradient[slab.decoderRows], into: normalizedGradient)
      recorder?.record("dec_norm", normalizedGradient, slab.decoderRows)
      decoderNorm.backward(
        normalizedGradient, input: memory.decoderStreams[decoder.count][slab.decoderRows], memory.decoderStatistics,
        firstRow: slab.decoderRows.lowerBound, residualGradient: nil,
        into: gradients.decoderStreams[0][slab.decoderRows],
        recomputing: gradients.decoderNormalized[slab.decoderRows],
        partial: gradients.finalNorms.pointer(slot: 0, slab: index))
      gradients.memory[slab.decoderRows].clear()
    }
    addGradients { part, parts in
      head.addGradients(outputGradient, input: gradients.decoderNormalized, part: part, of: parts)
      if part == 0 { decoderNorm.addGradients(gradients.finalNorms, slot: 0) }
    }
  }

  /// Returns the gradient with respect to the decoder's input stream.
  private func backwardDecoder(_ gradients: NetworkGradients) -> Matrix {
    var (outputGradient, inputGradient) = (gradients.decoderStreams[0], gradients.decoderStreams[1])
    for (index, block) in decoder.enumerated().reversed() {
      gradients.decoder.norms.clear()
      pool.run(layout.slabs.count) { slabIndex, worker in
        let slab = layout.slabs[slabIndex]
        if policy == .recomputeBlocks { decode(block, index, slab, memory.scratch[worker], nil) }
        block.backward(
          outputGradient, input: memory.decoderStreams[index], memory: memory.memory, into: inputGradient,
          memoryGradient: gradients.memory, slab: slabIndex, rows: slab.decoderRows, sequences: slab.decoderSequences,
          memory.decoderSaved[index], gradients.decoder, memory.scratch[worker], recorder)
      }
      addGradients { part, parts in
        block.addGradients(
          outputGradient, memory: memory.memory, memory.decoderSaved[index], gradients.decoder, part: part, of: parts)
      }
      swap(&outputGradient, &inputGradient)
    }
    return outputGradient
  }

  private func backwardDecoderInput(
    _ streamGradient: Matrix, _ mask: UnsafePointer<UInt8>, _ gradients: NetworkGradients
  ) {
    gradients.finalNorms.clear()
    pool.run(layout.slabs.count) { index, worker in
      let slab = layout.slabs[index]
      decoderInput.backward(
        streamGradient: streamGradient, memoryGradient: gradients.memory, positions: encoderPositions.pointer, slab,
        into: gradients.embedded, recorder)
      let rows = slab.encoderRows
      let normalizedGradient = memory.scratch[worker].normalized(rows.count, configuration.encoderDimension)
      decoderInput.linear.backward(gradients.embedded[rows], into: normalizedGradient)
      recorder?.record("enc_norm", normalizedGradient, rows)
      encoderNorm.backward(
        normalizedGradient, input: memory.encoderStreams[encoder.count][rows], memory.encoderStatistics,
        firstRow: rows.lowerBound, residualGradient: nil, into: gradients.encoderStreams[0][rows],
        recomputing: gradients.encoderNormalized[rows], partial: gradients.finalNorms.pointer(slot: 1, slab: index))
    }
    addGradients { part, parts in
      decoderInput.linear.addGradients(
        gradients.embedded, input: gradients.encoderNormalized, part: part, of: parts)
      if part == 0 {
        encoderNorm.addGradients(gradients.finalNorms, slot: 1)
        decoderInput.addMaskTokenGradient(streamGradient, mask: mask)
      }
    }
  }

  private func backwardEncoder(_ gradients: NetworkGradients) {
    var (outputGradient, inputGradient) = (gradients.encoderStreams[0], gradients.encoderStreams[1])
    for (index, block) in encoder.enumerated().reversed() {
      gradients.encoder.norms.clear()
      pool.run(layout.slabs.count) { slabIndex, worker in
        let slab = layout.slabs[slabIndex]
        if policy == .recomputeBlocks { encode(block, index, slab, memory.scratch[worker], nil) }
        block.backward(
          outputGradient, input: memory.encoderStreams[index], into: inputGradient, slab: slabIndex,
          rows: slab.encoderRows, sequences: slab.encoderSequences, memory.encoderSaved[index], gradients.encoder,
          memory.scratch[worker], recorder)
      }
      addGradients { part, parts in
        block.addGradients(outputGradient, memory.encoderSaved[index], gradients.encoder, part: part, of: parts)
      }
      swap(&outputGradient, &inputGradient)
    }
    if let recorder {
      for slab in layout.slabs { recorder.record("enc_in", outputGradient[slab.encoderRows], slab.encoderRows) }
    }
    addGradients { part, parts in
      patchEmbedding.linear.addGradients(outputGradient, input: memory.patches, part: part, of: parts)
    }
  }

  /// Runs the parameter gradients of a layer, cut over output rows into as many parts as there are slabs.
  private func addGradients(_ body: (_ part: Int, _ parts: Int) -> Void) {
    let parts = layout.slabs.count
    pool.run(parts) { part, _ in body(part, parts) }
  }
}
