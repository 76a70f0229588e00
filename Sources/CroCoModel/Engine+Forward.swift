import Kernels

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
    let pass = Pass.encoder(slab, scratch, recorder)
    patchEmbedding.forward(
      view1: view1, view2: view2, positions: encoderPositions.pointer, patches: memory.patches,
      into: memory.encoderStreams[0], pass)
    for index in encoder.indices { encode(index, pass) }
    let output = memory.encoderStreams[encoder.count][pass.rows]
    let normalized = scratch.normalized(output.rows, output.columns)
    encoderNorm.forward(output, into: normalized, memory.encoderStatistics[pass.rows])
    pass.record("enc_norm", normalized)
    decoderInput.forward(
      normalized, positions: encoderPositions.pointer, stream: memory.decoderStreams[0], context: memory.memory, pass)
  }

  private func decode(_ slab: TokenLayout.Slab, _ scratch: Scratch<Element>) {
    let pass = Pass.decoder(slab, scratch, recorder)
    for index in decoder.indices { decode(index, pass) }
    let output = memory.decoderStreams[decoder.count][pass.rows]
    let normalized = scratch.normalized(output.rows, output.columns)
    decoderNorm.forward(output, into: normalized, memory.decoderStatistics[pass.rows])
    pass.record("dec_norm", normalized)
    let prediction = memory.prediction[pass.rows]
    head.forward(normalized, into: prediction)
    prediction.add(bias: head.bias)
    pass.record("pred", prediction)
  }

  /// One block of the encoder.
  func encode(_ index: Int, _ pass: Pass<Element>) {
    encoder[index].forward(
      memory.encoderStreams[index], into: memory.encoderStreams[index + 1], memory.encoderSaved[index], pass)
  }

  /// One block of the decoder.
  func decode(_ index: Int, _ pass: Pass<Element>) {
    decoder[index].forward(
      memory.decoderStreams[index], context: memory.memory, into: memory.decoderStreams[index + 1],
      memory.decoderSaved[index], pass)
  }
}
