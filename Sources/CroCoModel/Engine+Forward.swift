internal import CTransformer

extension Engine {
  func forward(view1: UnsafePointer<Float>, view2: UnsafePointer<Float>, mask: UnsafePointer<UInt8>) {
    setPositions(mask)
    self.mask = mask
    recorder?.beginForward()
    parameters.update(pool)
    pool.run(layout.slabs.count) { index, worker in
      let slab = layout.slabs[index]
      let scratch = memory.scratch[worker]
      encode(view1, view2, slab, scratch)
      decode(slab, scratch)
    }
  }

  /// Lists the patch index of each encoder row: the visible patches of view 1 in raster order, then all of view 2.
  private func setPositions(_ mask: UnsafePointer<UInt8>) {
    var row = 0
    for sample in 0..<layout.batchSize {
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
    _ view1: UnsafePointer<Float>, _ view2: UnsafePointer<Float>, _ slab: TokenLayout.Slab, _ scratch: Scratch<Element>
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
      normalized, embedded: scratch.embedded(output.rows, configuration.decoderDimension),
      positions: encoderPositions.pointer, slab, stream: memory.decoderStreams[0], memory: memory.memory, recorder)
  }

  private func decode(_ slab: TokenLayout.Slab, _ scratch: Scratch<Element>) {
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

  func encode(
    _ block: EncoderBlock<Element>, _ index: Int, _ slab: TokenLayout.Slab, _ scratch: Scratch<Element>,
    _ recorder: TensorRecorder?
  ) {
    block.forward(
      memory.encoderStreams[index], into: memory.encoderStreams[index + 1], rows: slab.encoderRows,
      sequences: slab.encoderSequences, memory.encoderSaved[index], scratch, recorder)
  }

  func decode(
    _ block: DecoderBlock<Element>, _ index: Int, _ slab: TokenLayout.Slab, _ scratch: Scratch<Element>,
    _ recorder: TensorRecorder?
  ) {
    block.forward(
      memory.decoderStreams[index], memory: memory.memory, into: memory.decoderStreams[index + 1],
      rows: slab.decoderRows, sequences: slab.decoderSequences, memory.decoderSaved[index], scratch, recorder)
  }
}
