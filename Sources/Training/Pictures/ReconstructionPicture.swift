import PairData
import Runtime

/// The picture of one completion, for `croco reconstruct`.
package enum ReconstructionPicture {
  /// Completes `target` with the help of `reference`; both have the network's size.
  ///
  /// - Throws: `Failure` of kind `badData` where an image is smaller than the network's.
  package static func draw(
    _ model: PretrainedModel, target: RGBImage, reference: RGBImage, maskSeed: UInt64, pool: WorkerPool
  ) throws(Failure) -> RGBImage {
    let source = MemoryPairSource(pairs: [(target, reference)])
    let loader = try ValidationLoader(source: source, configuration: LoaderConfiguration(model, seed: maskSeed))
    let batch = try loader.batch(pairs: 0..<1)
    let evaluator = BatchEvaluator(model, batchSize: 1, slabCount: 1, pool: pool)
    _ = evaluator.loss(batch)
    return ReconstructionSheet(model.configuration, model.loss).draw(
      batch, prediction: evaluator.network.prediction.elements)
  }

  /// Writes a picture as PNG, complete or not at all.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  package static func publish(_ image: RGBImage, at path: String) throws(Failure) {
    try PictureWriter.publish(image, at: path)
  }
}
