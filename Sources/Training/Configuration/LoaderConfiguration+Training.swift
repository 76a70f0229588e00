import PairData

extension LoaderConfiguration {
  /// The loader's part of a training configuration.
  package init(_ configuration: TrainingConfiguration) {
    self.init()
    let (model, data) = (configuration.model, configuration.data)
    imageHeight = model.imageHeight
    imageWidth = model.imageWidth
    patchSize = model.patchSize
    maskedCount = model.maskedCount
    microBatchSize = configuration.batch.microBatchSize
    bothOrders = data.usesBothOrders
    jitterStrength = data.jitter > 0 ? Float(data.jitter) : nil
    pairTransforms = data.pairTransforms
    seed = configuration.seed
    threadCount = data.loaderThreads
    prefetchDepth = data.prefetch
    readAheadPairs = data.readAhead
    onBadPair = data.onBadPair
  }
}
