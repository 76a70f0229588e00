internal import CTransformer
import Kernels
import Runtime

/// The patch embedding: a convolution whose kernel and stride are the patch, as a GEMM over gathered patches.
///
/// Only the tokens that the encoder sees are embedded: the visible ones of view 1 and all of view 2.
struct PatchEmbedding<Element: Operand> {
  let linear: Linear<Element>
  private let configuration: ModelConfiguration
  private let table: [Float]  // enc_pos_embed [N, C], or empty

  init(_ configuration: ModelConfiguration, in parameters: NetworkParameters<Element>) {
    self.configuration = configuration
    linear = Linear("patch_embed.proj", in: parameters)
    table = ParameterLayout.buffers(configuration).first { $0.name == "enc_pos_embed" }?.values ?? []
  }

  /// tokens = patches W^T + b + positions, for the rows of one slab of whole samples.
  ///
  /// - Parameters:
  ///   - positions: the patch index of each encoder row.
  ///   - patches: receives the gathered patches, which the weight gradient needs: [rows, 3 * patch^2].
  func forward(
    view1: UnsafePointer<Float>, view2: UnsafePointer<Float>, positions: UnsafePointer<Int32>, _ slab: TokenLayout.Slab,
    patches: MatrixView<Element>, into tokens: Matrix, _ recorder: TensorRecorder?
  ) {
    for (number, sequence) in slab.encoderSequences.enumerated() {
      let sample = slab.samples.lowerBound + number / 2
      let image = (number % 2 == 0 ? view1 : view2) + sample * 3 * configuration.imageHeight * configuration.imageWidth
      Element.gatherPatches(
        image, positions + sequence.lowerBound, into: patches.row(sequence.lowerBound), count: sequence.count,
        patch: configuration.patchSize, gridWidth: configuration.gridWidth, height: configuration.imageHeight,
        width: configuration.imageWidth)
    }
    let rows = tokens[slab.encoderRows]
    linear.forward(patches[slab.encoderRows], into: rows)
    croco_add_bias(rows.pointer, rows.columns, linear.bias, rows.rows, rows.columns)
    PositionTable.add(table, to: rows, positions: positions + slab.encoderRows.lowerBound)
    recorder?.record("enc_in", rows, slab.encoderRows)
  }

  /// The gradients with respect to both images, [B, 3, H, W] each, from that of the tokens: [encoder rows, C].
  ///
  /// For debugging and for `croco dump`; training does not need it.
  func imageGradients(
    _ tokenGradient: MatrixView<Element>, positions: UnsafePointer<Int32>, _ layout: TokenLayout
  ) -> (view1: [Float], view2: [Float]) {
    let imageCount = 3 * configuration.imageHeight * configuration.imageWidth
    var images = [[Float]](repeating: [Float](repeating: 0, count: layout.batchSize * imageCount), count: 2)
    let patches = AlignedBuffer<Float>(count: tokenGradient.rows * configuration.patchDimension)
    let matrix = Matrix(patches.pointer, rows: tokenGradient.rows, columns: configuration.patchDimension)
    linear.backward(tokenGradient, into: matrix)
    for slab in layout.slabs {
      for (number, sequence) in slab.encoderSequences.enumerated() {
        let sample = slab.samples.lowerBound + number / 2
        images[number % 2].withUnsafeMutableBufferPointer { image in
          croco_scatter_patches(
            matrix.row(sequence.lowerBound), positions + sequence.lowerBound, image.baseAddress! + sample * imageCount,
            sequence.count, configuration.patchSize, configuration.gridWidth, configuration.imageHeight,
            configuration.imageWidth)
        }
      }
    }
    return (images[0], images[1])
  }

  /// The embedding of every patch, before positions: [B, N, C].
  func allTokens(_ images: UnsafePointer<Float>, batchSize: Int) -> [Float] {
    let (count, dimension) = (configuration.patchCount, linear.outputs)
    let imageCount = 3 * configuration.imageHeight * configuration.imageWidth
    let patches = AlignedBuffer<Element>(count: count * linear.inputs)
    let tokens = AlignedBuffer<Float>(count: count * dimension)
    let raster = (0..<Int32(count)).map { $0 }
    var result: [Float] = []
    for sample in 0..<batchSize {
      Element.gatherPatches(
        images + sample * imageCount, raster, into: patches.pointer, count: count, patch: configuration.patchSize,
        gridWidth: configuration.gridWidth, height: configuration.imageHeight, width: configuration.imageWidth)
      linear.forward(
        MatrixView(patches.pointer, rows: count, columns: linear.inputs),
        into: Matrix(tokens.pointer, rows: count, columns: dimension))
      croco_add_bias(tokens.pointer, dimension, linear.bias, count, dimension)
      result += Array(tokens.elements)
    }
    return result
  }
}
