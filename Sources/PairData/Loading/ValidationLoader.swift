import Runtime

/// What the network is given as the second view, to measure how much it uses it.
package enum ReferenceVariant: String, Sendable, CaseIterable {
  /// The pair's own second view.
  case matching = "true"
  /// The second view of a pair of another scene.
  case shuffled
  /// The mean colour: zeros after normalisation.
  case blank
  /// View 1 itself.
  case identical
}

/// Batches for evaluation: centre crops, true colours, and masks that are the same at every call.
///
/// Everything is a function of (seed, pair). Prepared in the call that asks for it; one caller at a time.
package final class ValidationLoader {
  /// Size of the crop, masked patches, seed and normalisation; the other fields do not matter here.
  package let configuration: LoaderConfiguration

  private let source: any PairSource
  private let transform: PairTransform
  private let badPairs: BadPairReports

  /// A loader of pairs in order, view 1 first.
  ///
  /// - Parameter badPairs: is told of pairs that were skipped.
  /// - Throws: `Failure` of kind `configuration` where the values are impossible.
  package init(
    source: some PairSource, configuration: LoaderConfiguration, badPairs: BadPairReports = BadPairReports()
  ) throws(Failure) {
    try configuration.check()
    self.source = source
    self.configuration = configuration
    self.badPairs = badPairs
    transform = PairTransform(configuration)
  }

  /// A new batch of the given pairs.
  ///
  /// - Throws: the `Failure` of the first pair that cannot be used.
  package func batch(pairs: some Collection<Int>, reference: ReferenceVariant = .matching) throws(Failure) -> PairBatch
  {
    let batch = PairBatch(configuration, count: pairs.count)
    try fill(batch, pairs: pairs, reference: reference)
    return batch
  }

  /// Fills a batch of exactly as many pairs.
  ///
  /// - Throws: the `Failure` of the first pair that cannot be used.
  package func fill(
    _ batch: PairBatch, pairs: some Collection<Int>, reference: ReferenceVariant = .matching
  ) throws(Failure) {
    precondition(
      batch.count == pairs.count && batch.height == configuration.imageHeight && batch.width == configuration.imageWidth
        && batch.patchCount == configuration.patchCount,
      "a batch of \(batch.count) x \(batch.height)x\(batch.width) cannot hold \(pairs.count) pairs of "
        + "\(configuration.imageHeight)x\(configuration.imageWidth)")
    batch.replacedCount = 0
    for (row, pair) in pairs.enumerated() {
      let target = batch.target(row: row)
      do throws(Failure) {
        try write(pair, reference, to: target)
      } catch {
        guard mayReplace(pair, error) else { throw error }
        guard try writeReplacement(of: pair, reference, to: target) else { throw error }
        batch.replacedCount += 1
      }
    }
  }

  private func write(_ pair: Int, _ reference: ReferenceVariant, to target: SampleTarget) throws(Failure) {
    let images = try source.checkedImages(ofPair: pair)
    try transform.writeValidation(images.view1, pair: pair, view: 1, to: target.view1)
    transform.writeValidationMask(pair: pair, to: target.mask)
    let values = 3 * configuration.imageHeight * configuration.imageWidth
    switch reference {
    case .matching:
      try transform.writeValidation(images.view2, pair: pair, view: 2, to: target.view2)
    case .shuffled:
      let other = try shuffledPair(for: pair)
      do throws(Failure) {
        try transform.writeValidation(
          try source.checkedImages(ofPair: other).view2, pair: other, view: 2, to: target.view2)
      } catch {
        // The note names the file of the pair that is bad, not of the one that asked for it.
        _ = mayReplace(other, error)
        throw error
      }
    case .blank: target.view2.update(repeating: 0, count: values)
    case .identical: target.view2.update(from: target.view1, count: values)
    }
  }

  /// Writes the first pair that can be used of those drawn for a bad one; false where none can.
  private func writeReplacement(
    of pair: Int, _ reference: ReferenceVariant, to target: SampleTarget
  ) throws(Failure) -> Bool {
    // Epoch 2 of the purpose: the others draw masks and shuffled references.
    var stream = RandomStream(seed: configuration.seed, purpose: .validation, epoch: 2, index: pair)
    for _ in 0..<KeyedSamples.replacementLimit {
      let other = stream.nextIndex(below: source.count)
      do throws(Failure) {
        try write(other, reference, to: target)
        return true
      } catch {
        guard mayReplace(other, error) else { throw error }
      }
    }
    return false
  }

  private func mayReplace(_ pair: Int, _ failure: Failure) -> Bool {
    configuration.onBadPair == .skip && badPairs.note(failure, file: source.file(ofPair: pair))
  }

  /// Whether the pairs are of several scenes, so that each has a shuffled reference. What cannot be read tells nothing: it fails
  /// where it is used.
  package var hasSeveralScenes: Bool {
    var first: Int?
    for pair in 0..<source.count {
      guard let scene = try? source.checkedScene(ofPair: pair) else { continue }
      if scene != first ?? scene { return true }
      first = scene
    }
    return false
  }

  /// The pair whose second view stands in for that of `pair`: a random one of another scene, always the same.
  ///
  /// - Throws: `Failure` of kind `badData` where all pairs are of one scene.
  package func shuffledPair(for pair: Int) throws(Failure) -> Int {
    let scene = try source.checkedScene(ofPair: pair)
    // Epoch 1 of the purpose: epoch 0 draws the pair's mask.
    var stream = RandomStream(seed: configuration.seed, purpose: .validation, epoch: 1, index: pair)
    for _ in 0..<64 {
      let other = stream.nextIndex(below: source.count)
      if try source.checkedScene(ofPair: other) != scene { return other }
    }
    // One scene holds nearly everything: take the next pair of another one.
    for step in 1..<max(2, source.count) {
      let other = (pair + step) % source.count
      if try source.checkedScene(ofPair: other) != scene { return other }
    }
    throw Failure(
      .badData, "A shuffled reference needs pairs of at least two scenes, but all \(source.count) pairs are of one.",
      hint: "Evaluate on a data set with several scenes.")
  }
}
