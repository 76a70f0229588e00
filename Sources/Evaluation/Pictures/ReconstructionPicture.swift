import PairData
import Runtime
import Storage

/// Pictures of completions: drawn of one pair, and written.
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
    let evaluator = NetworkEvaluator(model.network, batchSize: 1, slabCount: 1, pool: pool)
    return ReconstructionSheet(model.network).draw(batch, prediction: evaluator.predict(batch))
  }

  /// Writes a picture as PNG, complete or not at all.
  ///
  /// - Returns: what was written.
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  @discardableResult
  package static func publish(_ image: RGBImage, at path: String) throws(Failure) -> [UInt8] {
    do {
      let bytes = try PNGCodec.encode(image)
      try Publication.publishBytes(bytes, at: path)
      return bytes
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.inputOutput, "Cannot write \(path): \(error).")
    }
  }
}
