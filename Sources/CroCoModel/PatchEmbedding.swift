import Kernels
import Runtime

/// The patch embedding: a convolution whose kernel and stride are the patch, as a GEMM over gathered patches.
///
/// Only the tokens that the encoder sees are embedded: the visible ones of view 1 and all of view 2.
struct PatchEmbedding<Element: MatrixElement> {
  let linear: Linear<Element>
  private let configuration: ModelConfiguration
  private let table: [Float]  // enc_pos_embed [N, C], or empty

  init(_ configuration: ModelConfiguration, in parameters: NetworkParameters<Element>) {
    self.configuration = configuration
    linear = Linear("patch_embed.proj", in: parameters)
    table = ParameterLayout.buffers(configuration).first { $0.name == "enc_pos_embed" }?.values ?? []
  }

  /// tokens = patches W^T + b + positions, for the rows of one slab of whole samples, in the encoder's pass.
  ///
  /// - Parameters:
  ///   - positions: the patch index of each encoder row.
  ///   - patches: receives the gathered patches, which the weight gradient needs: [encoder rows, 3 * patch^2].
  func forward(
    view1: UnsafePointer<Float>, view2: UnsafePointer<Float>, positions: UnsafePointer<Int32>,
    patches: MatrixView<Element>, into tokens: Matrix, _ pass: Pass<Element>
  ) {
    for (number, sequence) in pass.sequences.enumerated() {
      let sample = pass.slab.samples.lowerBound + number / 2
      let image = (number % 2 == 0 ? view1 : view2) + sample * imageCount
      grid.gather(image, at: positions + sequence.lowerBound, into: patches[sequence])
    }
    let rows = tokens[pass.rows]
    linear.forward(patches[pass.rows], into: rows)
    rows.add(bias: linear.bias)
    PositionTable.add(table, to: rows, positions: positions + pass.rows.lowerBound)
    pass.record("enc_in", rows)
  }

  /// The gradients with respect to both images, [B, 3, H, W] each, from that of the tokens: [encoder rows, C].
  ///
  /// For debugging and for `croco dump`; training does not need it.
  func imageGradients(
    _ tokenGradient: MatrixView<Element>, positions: UnsafePointer<Int32>, _ layout: TokenLayout
  ) -> (view1: [Float], view2: [Float]) {
    var images = [[Float]](repeating: [Float](repeating: 0, count: layout.batchSize * imageCount), count: 2)
    let patches = AlignedBuffer<Float>(count: tokenGradient.rows * configuration.patchDimension)
    let matrix = Matrix(patches.pointer, rows: tokenGradient.rows, columns: configuration.patchDimension)
    linear.backward(tokenGradient, into: matrix)
    for slab in layout.slabs {
      for (number, sequence) in slab.encoderSequences.enumerated() {
        let sample = slab.samples.lowerBound + number / 2
        images[number % 2].withUnsafeMutableBufferPointer { image in
          grid.scatter(
            matrix[sequence], at: positions + sequence.lowerBound, addingTo: image.baseAddress! + sample * imageCount)
        }
      }
    }
    return (images[0], images[1])
  }

  /// The embedding of every patch, before positions: [B, N, C].
  func allTokens(_ images: UnsafePointer<Float>, batchSize: Int) -> [Float] {
    let count = configuration.patchCount
    let patchMemory = AlignedBuffer<Element>(count: count * linear.inputs)
    let tokenMemory = AlignedBuffer<Float>(count: count * linear.outputs)
    let patches = MatrixView(patchMemory.pointer, rows: count, columns: linear.inputs)
    let tokens = Matrix(tokenMemory.pointer, rows: count, columns: linear.outputs)
    let raster = (0..<Int32(count)).map { $0 }
    var result: [Float] = []
    for sample in 0..<batchSize {
      grid.gather(images + sample * imageCount, at: raster, into: patches)
      linear.forward(patches, into: tokens)
      tokens.add(bias: linear.bias)
      result += Array(tokenMemory.elements)
    }
    return result
  }

  private var grid: PatchGrid { configuration.grid }
  private var imageCount: Int { 3 * configuration.imageHeight * configuration.imageWidth }
}

extension ModelConfiguration {
  /// The patches of an image.
  var grid: PatchGrid { PatchGrid(patchSize: patchSize, height: imageHeight, width: imageWidth) }
}
