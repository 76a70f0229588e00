import CroCoModel

/// Predictions turned back into images [3, H, W], with the visible patches as they are.
///
/// A network trained on normalised patches does not predict a patch's mean and deviation. They come either from the target,
/// which the network has not seen (so the colours tell nothing about it), or from the reference's patch at the same
/// place, which leaks nothing.
struct Reconstruction {
  /// Where the mean and deviation of a masked patch come from.
  enum PatchStatistics {
    case target, reference
  }

  let model: ModelConfiguration
  let normalizesPatches: Bool

  /// The completed image of one sample.
  ///
  /// - Parameters:
  ///   - prediction: [N, P].  - target: view 1, [3, H, W].  - reference: view 2, [3, H, W].  - mask: [N], 1 = masked.
  func image(
    prediction: [Float], target: [Float], reference: [Float], mask: [UInt8], _ statistics: PatchStatistics
  ) -> [Float] {
    let (height, width, patch) = (model.imageHeight, model.imageWidth, model.patchSize)
    let targetPatches = Patchify.patches(of: target, height: height, width: width, patchSize: patch)
    let source =
      statistics == .target
      ? targetPatches : Patchify.patches(of: reference, height: height, width: width, patchSize: patch)
    var patches = targetPatches
    for place in 0..<model.patchCount where mask[place] != 0 {
      let range = place * model.patchDimension..<(place + 1) * model.patchDimension
      if normalizesPatches {
        let (mean, deviation) = Self.moments(source[range])
        for index in range { patches[index] = Float(Double(prediction[index]) * deviation + mean) }
      } else {
        patches.replaceSubrange(range, with: prediction[range])
      }
    }
    return Patchify.images(of: patches, height: height, width: width, patchSize: patch)
  }

  /// View 1 with its masked patches grey.
  func maskedImage(target: [Float], mask: [UInt8], grey: [Float]) -> [Float] {
    var image = target
    let (height, width, patch) = (model.imageHeight, model.imageWidth, model.patchSize)
    for y in 0..<height {
      for x in 0..<width where mask[y / patch * model.gridWidth + x / patch] != 0 {
        for channel in 0..<3 { image[(channel * height + y) * width + x] = grey[channel] }
      }
    }
    return image
  }

  private static func moments(_ values: ArraySlice<Float>) -> (mean: Double, deviation: Double) {
    let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
    let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count - 1)
    return (mean, (variance + 1e-6).squareRoot())
  }
}
