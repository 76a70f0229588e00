import Kernels
import Runtime

/// The patch embedding: a convolution whose kernel and stride are the patch, as a product over gathered patches.
///
/// Only the tokens that the encoder sees are embedded: of pairs the visible ones of view 1 and all of view 2.
struct PatchEmbedding<Element: MatrixElement> {
  private let linear: Linear<Element>
  private let grid: PatchGrid
  private let positions: PositionEmbedding
  private let patches: MatrixView<Element>  // [rows, 3 * patch^2], gathered

  init(
    _ name: String, _ configuration: ModelConfiguration, _ shape: StackShape, _ positions: PositionEmbedding,
    in plan: NetworkPlan<Element>
  ) {
    let (patch, inputs) = (configuration.patchSize, configuration.patchDimension)
    linear = Linear(
      weights: [
        ParameterDeclaration(
          name + ".weight", [shape.dimension, 3, patch, patch], .xavierUniform, isDecayed: true)
      ],
      biases: [
        ParameterDeclaration(name + ".bias", [shape.dimension], .uniform(bound: 1 / Float(inputs).squareRoot()))
      ],
      in: plan)
    grid = PatchGrid(patchSize: patch, height: configuration.imageHeight, width: configuration.imageWidth)
    self.positions = positions
    patches = plan.kept.elements(shape.tokens.rows, inputs)
  }

  /// tokens = patches W^T + b + positions, for the rows of one thread: [all rows, C].
  ///
  /// - Parameter views: the images of each sequence of a sample: [B, 3 * H * W] each.
  func forward(_ views: [Matrix], into tokens: Matrix, _ pass: Pass<Element>) {
    forEachSequence(pass.stretch, views.count, within: pass.rows) { view, sample, rows in
      grid.gather(views[view].row(sample), at: positions.positions + rows.lowerBound, into: patches[rows])
    }
    let tokens = tokens[pass.rows]
    linear.forward(patches[pass.rows], into: tokens, pass)
    tokens.add(bias: linear.bias)
    positions.add(to: tokens, rows: pass.rows)
    pass.record("enc_in", tokens)
  }

  /// Forms one part of the parameter gradients: [all rows, C].
  func formGradients(_ tokenGradient: MatrixView<Element>, _ part: GradientPart) {
    linear.formGradients(tokenGradient, input: patches, part)
  }

  /// The gradients with respect to the images of each sequence of a sample, [B, 3, H, W] each, from that of the tokens.
  ///
  /// For debugging and for `croco dump`; training does not need it.
  func imageGradients(_ tokenGradient: MatrixView<Element>, _ tokens: TokenLayout) -> [[Float]] {
    let imageCount = 3 * grid.height * grid.width
    let views = tokens.lengths.count
    var images = [[Float]](repeating: [Float](repeating: 0, count: tokens.batchSize * imageCount), count: views)
    let buffer = AlignedBuffer<Float>(count: patches.count)
    let gradients = Matrix(buffer.pointer, rows: patches.rows, columns: patches.columns)
    linear.backward(tokenGradient, into: gradients)
    for stretch in tokens.stretches {
      forEachSequence(stretch, views, within: stretch.rows) { view, sample, sequence in
        images[view].withUnsafeMutableBufferPointer { images in
          grid.scatter(
            gradients[sequence], at: positions.positions + sequence.lowerBound,
            addingTo: images.baseAddress! + sample * imageCount)
        }
      }
    }
    return withExtendedLifetime(buffer) { images }
  }

  /// The embedding of every patch of images [B, 3 * H * W], before positions: [B, N, C].
  func allTokens(_ images: Matrix) -> [Float] {
    let count = grid.height / grid.patchSize * (grid.width / grid.patchSize)
    let patches = AlignedBuffer<Element>(count: count * linear.inputs)
    let tokens = AlignedBuffer<Float>(count: count * linear.outputs)
    let rows = Matrix(tokens.pointer, rows: count, columns: linear.outputs)
    let raster = (0..<Int32(count)).map { $0 }
    var result: [Float] = []
    for sample in 0..<images.rows {
      let gathered = MatrixView(patches.pointer, rows: count, columns: linear.inputs)
      grid.gather(images.row(sample), at: raster, into: gathered)
      linear.forward(gathered, into: rows)
      rows.add(bias: linear.bias)
      result += Array(tokens.elements)
    }
    return withExtendedLifetime(patches) { result }
  }

  private func forEachSequence(
    _ stretch: TokenLayout.Stretch, _ views: Int, within rows: Range<Int>,
    _ body: (_ view: Int, _ sample: Int, _ rows: Range<Int>) -> Void
  ) {
    for (number, sequence) in stretch.sequences.enumerated() {
      body(number % views, stretch.samples.lowerBound + number / views, sequence.clamped(to: rows))
    }
  }
}
