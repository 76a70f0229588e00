import Runtime

/// How pairs become the network's input. Everything but `threadCount`, `prefetchDepth` and `readAheadPairs` changes what
/// is computed; `onBadPair` does where a pair is bad, and decides whether anything is computed from there on.
package struct LoaderConfiguration: Sendable, Equatable {
  /// Whether the two views of a sample are transformed alike.
  package enum PairTransforms: String, Sendable, CaseIterable {
    /// Each view has its own crop position, jitter factors and order, as in the official trainer.
    case independent
    /// Both views have the same crop position, jitter factors and order.
    case shared
  }

  /// What becomes of a pair that cannot be used: missing or damaged on disk, or smaller than the crop.
  package enum BadPairPolicy: String, Sendable, CaseIterable {
    /// The loader fails with its message.
    case fail
    /// Another pair takes its place, drawn by (seed, epoch, sample index); batches count such pairs.
    case skip
  }

  /// Height of the crop in pixels, H; a multiple of ``patchSize``.
  package var imageHeight = 224
  /// Width of the crop in pixels, W; a multiple of ``patchSize``.
  package var imageWidth = 224
  /// Side of a square patch in pixels.
  package var patchSize = 16
  /// Masked patches of view 1, out of N; the model's configuration derives it from the mask ratio.
  package var maskedCount = 176
  /// Pairs of a micro-batch, B.
  package var microBatchSize = 8
  /// Whether an epoch holds every pair twice, in order and exchanged.
  package var bothOrders = true
  /// Half the width of the range of colour factors (0.4: factors in 0.6 ... 1.4), or nil for unchanged colours.
  package var jitterStrength: Float? = 0.4
  /// Whether the two views of a sample are cropped and jittered alike.
  package var pairTransforms = PairTransforms.independent
  /// The seed of the order, crops, colours and masks.
  package var seed: UInt64 = 0
  /// Mean and deviation that are taken out of the colours.
  package var normalization = Normalization.imageNet
  /// Threads that prepare batches ahead; 0 prepares each batch in the call that asks for it, for debuggers.
  package var threadCount = 1
  /// Batches that are prepared ahead at most, at least 1.
  package var prefetchDepth = 2
  /// Pairs whose bytes the storage is asked for before their turn, so that slow files are there in time; 0 for none.
  package var readAheadPairs = 256
  /// What becomes of a pair that cannot be used.
  package var onBadPair = BadPairPolicy.fail

  /// The recipe of the paper: 224 pixel crops, patches of 16, 176 of 196 masked, jitter of strength 0.4.
  package init() {}

  /// Patches of a view, N.
  package var patchCount: Int { (imageHeight / max(1, patchSize)) * (imageWidth / max(1, patchSize)) }

  /// Batches that a loader holds: those prepared ahead and the one in use. Without threads a batch is prepared when it is
  /// asked for.
  package var ringLength: Int { (threadCount == 0 ? 1 : prefetchDepth) + 1 }

  /// The bytes of a batch of `count` pairs.
  package func batchBytes(count: Int) -> Int {
    PairBatch.byteCount(count: count, height: imageHeight, width: imageWidth, patchCount: patchCount)
  }

  /// A sentence on what is impossible about these values, or nil where batches can be made.
  var problem: String? {
    let positive = [
      ("height of the crop", imageHeight), ("width of the crop", imageWidth), ("side of a patch", patchSize),
      ("size of a micro-batch", microBatchSize), ("number of batches that are prepared ahead", prefetchDepth),
    ]
    for (name, value) in positive where value < 1 { return "The \(name) must be at least 1, not \(value)." }
    if imageHeight % patchSize != 0 || imageWidth % patchSize != 0 {
      return
        "Crops of \(sizeText(height: imageHeight, width: imageWidth)) pixels cannot be cut into patches of \(patchSize)."
    }
    guard (0...patchCount).contains(maskedCount) else {
      return "\(maskedCount) of \(patchCount) patches cannot be masked."
    }
    for (name, value) in [("pairs to read ahead", readAheadPairs), ("threads", threadCount)] where value < 0 {
      return "The number of \(name) must be at least 0, not \(value)."
    }
    if let jitterStrength, !(jitterStrength >= 0 && jitterStrength.isFinite) {
      return "The strength of the jitter must be a number of at least 0, not \(jitterStrength)."
    }
    for channel in 0..<3 {
      let (mean, deviation) = (normalization.mean[channel], normalization.deviation[channel])
      guard mean.isFinite else { return "The mean of a colour must be a number, not \(mean)." }
      guard deviation > 0, deviation.isFinite else {
        return "The deviation of a colour must be above 0, not \(deviation)."
      }
    }
    return nil
  }

  /// - Throws: `Failure` of kind `configuration` that says what is impossible.
  func check() throws(Failure) {
    if let problem { throw Failure(.configuration, problem) }
  }
}
