import PairData
import Runtime

/// How images are converted.
package struct ConversionOptions: Sendable {
  /// Codec, shard size, splits.
  var dataset: DatasetOptions
  /// Resizing, or nil to leave sizes as they are. Must be nil for `keep`.
  package var preparation: ImagePreparation?
  /// Whether pairs with a bad file are left out instead of ending the conversion.
  var skipsBadFiles: Bool
  /// Whether files that are stored as they are get decoded once, so that damaged ones are found.
  var checksKeptFiles: Bool
  /// The number of threads of a rank; the result does not depend on it.
  package var threadCount: Int

  /// Options of a conversion; `keep` goes without preparation.
  package init(
    dataset: DatasetOptions, preparation: ImagePreparation? = nil, skipsBadFiles: Bool = false,
    checksKeptFiles: Bool = true, threadCount: Int = 1
  ) {
    precondition(dataset.codec != .keep || preparation == nil, "the codec keep stores files as they are")
    self.dataset = dataset
    self.preparation = preparation
    self.skipsBadFiles = skipsBadFiles
    self.checksKeptFiles = checksKeptFiles
    self.threadCount = threadCount
  }
}

/// What became of a conversion.
package struct ConversionSummary: Sendable {
  /// What was written.
  package let manifest: DatasetManifest
  /// Whether all was there already, and nothing was done.
  package let wasComplete: Bool
  /// Images that were read by all ranks (again, for every shard that needs them).
  package var imagesRead: Int
  /// Pairs that were left out because of a bad file.
  package let skippedPairs: Int
  /// How many of the stored images have files as depth maps and labels do, where others are colour; the name of one.
  package let maps: (count: Int, example: String)?
  /// Images that are stored much larger than training needs them; nil: none.
  package let large: LargeImages?
  /// The bad files, in order of appearance, with what is wrong.
  package let badFiles: [Failure]
}
