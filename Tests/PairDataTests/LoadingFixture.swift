import PairData

extension LoaderConfiguration {
  /// Micro-batches of four pairs of 24 x 32 pixels, patches of 8, from the pictures of `DataFixtures`.
  static func small(threads: Int, onBadPair: BadPairPolicy = .fail) -> LoaderConfiguration {
    var configuration = LoaderConfiguration()
    configuration.imageHeight = 24
    configuration.imageWidth = 32
    configuration.patchSize = 8
    configuration.maskedCount = 9
    configuration.microBatchSize = 4
    configuration.threadCount = threads
    configuration.onBadPair = onBadPair
    return configuration
  }
}
