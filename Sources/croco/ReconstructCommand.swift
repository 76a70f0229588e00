import ArgumentParser
import Evaluation
import Foundation
import PairConversion
import PairData
import Runtime
import Training

/// `croco reconstruct`: completes one image with the help of another and draws the result.
struct ReconstructCommand: SingleProcessCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconstruct",
    abstract: "Completes a masked image with the help of a reference and writes a picture.",
    discussion: """
      Columns: masked input, reference, completion, target. A network trained on normalised patches predicts neither a patch's
      brightness nor its contrast; they are taken from the reference at the same place, and, in another column, from the
      target, which the network has not seen.
      """)

  @Option(
    help: "A run folder (its newest checkpoint), RUN/best, a checkpoint folder or a .safetensors or .pth file.",
    completion: .file())
  var checkpoint: String

  @OptionGroup var choice: WeightsChoice

  @Option(help: "The image to mask and complete.", completion: .file())
  var target: String

  @Option(help: "The second view.", completion: .file())
  var reference: String

  @Option(help: "The PNG to write.", completion: .file())
  var output: String

  @Option(help: "The seed of the mask.")
  var maskSeed: UInt64 = 0

  func compute() throws {
    let model = try PretrainedModel(path: checkpoint, choice.weights)
    Croco.warn(model.warnings)
    let pool = WorkerPool(workerCount: StartupChecks.threads(configured: nil))
    let picture = try ReconstructionPicture.draw(
      model, target: try image(target, model), reference: try image(reference, model), maskSeed: maskSeed, pool: pool)
    try ReconstructionPicture.publish(picture, at: output)
    print(
      "\(output): \(sizeText(height: picture.height, width: picture.width)), \(model.configuration.maskedCount) of "
        + "\(model.configuration.patchCount) patches masked, weights of \(model.path).")
  }

  /// Resized so that it just covers the network's image, then cropped in the centre.
  private func image(_ path: String, _ model: PretrainedModel) throws -> RGBImage {
    let preparation = ImagePreparation(
      height: model.configuration.imageHeight, width: model.configuration.imageWidth, allowsUpscaling: true)
    return try preparation.apply(to: EncodedImage(file: path).decoded(), number: 0, name: path)
  }
}
