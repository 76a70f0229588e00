import CroCoModel
import Foundation
import PairData
import Runtime
import Storage

/// Draws the same held-out pairs again and again while a network learns: `reconstructions/step-*.png`.
///
/// Only rank 0 has one; it makes no collective call.
final class PictureWriter {
  private let folder: String
  private let network: CroCoNet
  private let sheet: ReconstructionSheet
  private let batch: PairBatch

  /// Prepares the pairs, spread over `source`.
  ///
  /// - Throws: `Failure` of a pair that cannot be used.
  init(_ trainer: Trainer, source: some PairSource, folder: String) throws(Failure) {
    let configuration = trainer.configuration
    let count = min(configuration.pictures.count, source.count)
    let loader = try ValidationLoader(source: source, configuration: LoaderConfiguration(configuration))
    batch = try loader.batch(pairs: (0..<count).map { $0 * source.count / count })
    network = CroCoNet(
      configuration.model, batchSize: count, slabCount: configuration.compute.slabs, parameters: trainer.parameters,
      pool: trainer.pool, activations: .discard)
    sheet = ReconstructionSheet(configuration.model, configuration.loss)
    self.folder = folder
  }

  /// Draws and publishes the picture of a step.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  func write(step: Int) throws(Failure) {
    network.forward(NetworkInput(batch.whole))
    try Self.publish(
      sheet.draw(batch, prediction: network.prediction.elements),
      at: folder + "/" + Checkpoint.name(ofStep: step) + ".png")
  }

  /// Publishes a picture as PNG.
  static func publish(_ image: RGBImage, at path: String) throws(Failure) {
    do {
      try Publication.publishBytes(PNGCodec.encode(image), at: path)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.inputOutput, "Cannot write \(path): \(error).")
    }
  }
}
