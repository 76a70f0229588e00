import CroCoModel
import PairData

/// A labelled picture of completions: a row a pair, with masked input, reference, completion and target.
package struct ReconstructionSheet {
  private let reconstruction: Reconstruction
  private let normalization: Normalization
  private let model: ModelConfiguration

  /// Sheets of a network.
  package init(_ network: TrainedNetwork, normalization: Normalization = .imageNet) {
    model = network.configuration
    self.normalization = normalization
    reconstruction = Reconstruction(model: model, normalizesPatches: network.loss.normalizesPatches)
  }

  /// Draws all pairs of a batch with their predictions: [B, N, P].
  package func draw(_ batch: PairBatch, prediction: UnsafeMutableBufferPointer<Float>) -> RGBImage {
    // Small images are enlarged so that patches can be told apart.
    let scale = max(1, 192 / max(model.imageHeight, model.imageWidth))
    let (gap, lineHeight) = (6, PictureCanvas.textHeight + 3)
    let cell = (width: model.imageWidth * scale + gap, height: model.imageHeight * scale + gap)
    // A title stays above its own column, on several lines where that is narrow.
    let titles = self.titles.map { PictureCanvas.lines($0, width: cell.width) }
    let label = 5 + lineHeight * (titles.map(\.count).max() ?? 1)
    var canvas = PictureCanvas(
      width: titles.count * cell.width + gap, height: label + batch.count * cell.height + gap)
    for (column, title) in titles.enumerated() {
      for (line, text) in title.enumerated() {
        canvas.write(text, x: gap + column * cell.width, y: 5 + line * lineHeight)
      }
    }
    for sample in 0..<batch.count {
      for (column, image) in images(batch, sample, prediction).enumerated() {
        let picture = image.withUnsafeBufferPointer {
          normalization.image(of: $0.baseAddress!, height: model.imageHeight, width: model.imageWidth)
        }
        canvas.paste(picture, x: gap + column * cell.width, y: label + sample * cell.height, scale: scale)
      }
    }
    return canvas.image
  }

  private var titles: [String] {
    reconstruction.normalizesPatches
      ? ["masked input", "reference", "completed, colours of reference", "completed, colours of target", "target"]
      : ["masked input", "reference", "completed", "target"]
  }

  private func images(
    _ batch: PairBatch, _ sample: Int, _ prediction: UnsafeMutableBufferPointer<Float>
  ) -> [[Float]] {
    let pixels = 3 * batch.height * batch.width
    let target = Array(batch.view1.elements[sample * pixels..<(sample + 1) * pixels])
    let reference = Array(batch.view2.elements[sample * pixels..<(sample + 1) * pixels])
    let mask = Array(batch.mask.elements[sample * batch.patchCount..<(sample + 1) * batch.patchCount])
    let values = batch.patchCount * model.patchDimension
    let patches = Array(prediction[sample * values..<(sample + 1) * values])
    func completed(_ statistics: Reconstruction.PatchStatistics) -> [Float] {
      reconstruction.image(prediction: patches, target: target, reference: reference, mask: mask, statistics)
    }
    let grey = (0..<3).map { (0.5 - normalization.mean[$0]) / normalization.deviation[$0] }
    let masked = reconstruction.maskedImage(target: target, mask: mask, grey: grey)
    let completions =
      reconstruction.normalizesPatches ? [completed(.reference), completed(.target)] : [completed(.target)]
    return [masked, reference] + completions + [target]
  }
}
