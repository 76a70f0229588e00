import Kernels

/// For each layer the gradients of the rows (by slab), then those of the parameters (by part).
extension Engine {
  func backward(predictionGradient: UnsafePointer<Float>, adding: Bool) {
    guard let gradients = memory.gradients, let mask else {
      preconditionFailure("backward needs a forward pass of a network that keeps its activations")
    }
    recorder?.beginBackward()
    addsGradients = adding
    backwardHead(stream(of: predictionGradient, gradients), gradients)
    let decoderGradient = backwardDecoder(gradients)
    backwardDecoderInput(decoderGradient, mask, gradients)
    backwardEncoder(gradients)
  }

  /// The loss's gradient with room for the copy that products read.
  private func stream(
    of gradient: UnsafePointer<Float>, _ gradients: NetworkGradients<Element>
  ) -> Stream<Element> {
    let values = Matrix(UnsafeMutablePointer(mutating: gradient), rows: layout.decoderRows, columns: head.outputs)
    let operands = Element.mirror(values.pointer, count: values.count) { _ in gradients.predictionOperands }
    return Stream(values: values, operands: MatrixView(operands, rows: values.rows, columns: values.columns))
  }

  private func backwardHead(_ outputGradient: Stream<Element>, _ gradients: NetworkGradients<Element>) {
    gradients.finalNorms.clear()
    pool.run(layout.slabs.count) { index, worker in
      let slab = layout.slabs[index]
      let scratch = memory.scratch[worker]
      let normalizedGradient = scratch.normalizedGradient(slab.decoderRows.count, configuration.decoderDimension)
      recorder?.record("pred", outputGradient.values[slab.decoderRows], slab.decoderRows)
      outputGradient[slab.decoderRows].updateOperands()
      head.backward(outputGradient.operands[slab.decoderRows], into: normalizedGradient)
      recorder?.record("dec_norm", normalizedGradient, slab.decoderRows)
      decoderNorm.backward(
        normalizedGradient, input: memory.decoderStreams[decoder.count][slab.decoderRows],
        memory.decoderStatistics[slab.decoderRows], residualGradient: nil,
        into: gradients.decoderStreams[0][slab.decoderRows],
        recomputing: gradients.decoderNormalized[slab.decoderRows],
        partial: gradients.finalNorms.pointer(slot: 0, slab: index))
      gradients.memory.values[slab.decoderRows].clear()
    }
    formGradients { part in
      head.formGradients(outputGradient.operands, input: gradients.decoderNormalized, part)
      if part.index == 0 { decoderNorm.formGradients(gradients.finalNorms, slot: 0, adding: part.adds) }
    }
  }

  /// Returns the gradient with respect to the decoder's input stream.
  private func backwardDecoder(_ gradients: NetworkGradients<Element>) -> Stream<Element> {
    var (outputGradient, inputGradient) = (gradients.decoderStreams[0], gradients.decoderStreams[1])
    for index in decoder.indices.reversed() {
      let block = decoder[index]
      gradients.decoder.norms.clear()
      pool.run(layout.slabs.count) { slabIndex, worker in
        let slab = layout.slabs[slabIndex]
        let scratch = memory.scratch[worker]
        if policy == .recomputeBlocks { decode(index, .decoder(slab, scratch, nil)) }
        block.backward(
          outputGradient, input: memory.decoderStreams[index],
          context: Context(tokens: memory.memory, gradient: gradients.memory), into: inputGradient,
          memory.decoderSaved[index], gradients.decoder, .decoder(slab, scratch, recorder))
      }
      formGradients { part in
        block.formGradients(
          outputGradient, context: memory.memory, memory.decoderSaved[index], gradients.decoder, part)
      }
      swap(&outputGradient, &inputGradient)
    }
    return outputGradient
  }

  private func backwardDecoderInput(
    _ streamGradient: Stream<Element>, _ mask: UnsafePointer<UInt8>, _ gradients: NetworkGradients<Element>
  ) {
    gradients.finalNorms.clear()
    pool.run(layout.slabs.count) { index, worker in
      let slab = layout.slabs[index]
      let pass = Pass.encoder(slab, memory.scratch[worker], recorder)
      decoderInput.backward(
        streamGradient: streamGradient.values, contextGradient: gradients.memory.values,
        positions: encoderPositions.pointer, into: gradients.embedded, pass)
      let rows = slab.encoderRows
      let normalizedGradient = memory.scratch[worker].normalizedGradient(rows.count, configuration.encoderDimension)
      decoderInput.linear.backward(gradients.embedded[rows], into: normalizedGradient)
      recorder?.record("enc_norm", normalizedGradient, rows)
      encoderNorm.backward(
        normalizedGradient, input: memory.encoderStreams[encoder.count][rows], memory.encoderStatistics[rows],
        residualGradient: nil, into: gradients.encoderStreams[0][rows],
        recomputing: gradients.encoderNormalized[rows], partial: gradients.finalNorms.pointer(slot: 1, slab: index))
    }
    formGradients { part in
      decoderInput.linear.formGradients(
        gradients.embedded, input: gradients.encoderNormalized, part)
      if part.index == 0 {
        encoderNorm.formGradients(gradients.finalNorms, slot: 1, adding: part.adds)
        decoderInput.formMaskTokenGradient(streamGradient.values, mask: mask, adding: part.adds)
      }
    }
  }

  private func backwardEncoder(_ gradients: NetworkGradients<Element>) {
    var (outputGradient, inputGradient) = (gradients.encoderStreams[0], gradients.encoderStreams[1])
    for index in encoder.indices.reversed() {
      let block = encoder[index]
      gradients.encoder.norms.clear()
      pool.run(layout.slabs.count) { slabIndex, worker in
        let slab = layout.slabs[slabIndex]
        let scratch = memory.scratch[worker]
        if policy == .recomputeBlocks { encode(index, .encoder(slab, scratch, nil)) }
        block.backward(
          outputGradient, input: memory.encoderStreams[index], into: inputGradient, memory.encoderSaved[index],
          gradients.encoder, .encoder(slab, scratch, recorder))
      }
      formGradients { part in
        block.formGradients(outputGradient, memory.encoderSaved[index], gradients.encoder, part)
      }
      swap(&outputGradient, &inputGradient)
    }
    if let recorder {
      for slab in layout.slabs { recorder.record("enc_in", outputGradient.values[slab.encoderRows], slab.encoderRows) }
    }
    formGradients { part in
      patchEmbedding.linear.formGradients(outputGradient.operands, input: memory.patches, part)
    }
  }

  /// Runs the parameter gradients of a layer, cut over output rows into as many parts as there are slabs.
  private func formGradients(_ body: (_ part: GradientPart) -> Void) {
    let parts = layout.slabs.count
    pool.run(parts) { part, _ in body(GradientPart(index: part, count: parts, adds: addsGradients)) }
  }
}
