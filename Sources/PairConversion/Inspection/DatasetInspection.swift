import PairData
import Runtime
import Storage

/// Looks at a data set: what it holds, and as asked for, whether every byte is sound, what its images are like, and how
/// some pairs look.
package struct DatasetInspection {
  /// What takes time.
  package enum Stage: String, Sendable {
    /// Checking; counts images.
    case verification = "verify"
    /// Decoding images for the statistics; counts images.
    case statistics
  }

  /// A picture of some pairs that is written.
  package struct Picture: Sendable {
    /// The PNG file.
    package let path: String
    /// The most pairs on it.
    package let pairs: Int
    /// The split that they are of.
    package let split: Split

    /// A picture of some pairs of a split.
    package init(path: String, pairs: Int, split: Split) {
      self.path = path
      self.pairs = pairs
      self.split = split
    }
  }

  /// What is looked at.
  package struct Options: Sendable {
    /// Whether every byte is checked.
    package var verifies = false
    /// How many images of a split are decoded for the statistics; nil: there are none.
    package var statisticsSample: Int?
    /// A picture of some pairs.
    package var picture: Picture?
    /// The number of threads; the result does not depend on it.
    package var threadCount = 1

    /// Nothing but what the data set holds.
    package init() {}
  }

  /// What the data set holds; nil where damage that was found by checking keeps it from being read.
  package let report: DatasetReport?
  /// What is wrong; nil where nothing was checked.
  package let problems: [Failure]?
  /// What the images are like; nil where that was not asked for, or without a report.
  package let statistics: DatasetStatistics?

  /// Looks at the data set in the folder `path`.
  ///
  /// - Parameter progress: receives how much of how much of a stage is done.
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the shard; where all is checked, damage is a problem.
  package init(
    path: String, options: Options,
    progress: (_ stage: Stage, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  ) throws {
    problems =
      options.verifies
      ? try DatasetVerification(path: path, threadCount: options.threadCount) { progress(.verification, $0, $1) }
        .problems
      : nil
    do {
      report = try DatasetReport(path: path)
    } catch {
      // Damage that stops a plain report is one problem among all here.
      guard problems != nil else { throw error }
      (report, statistics) = (nil, nil)
      return
    }
    if let picture = options.picture { try Self.draw(picture, of: path) }
    statistics = try options.statisticsSample.map { sample in
      try DatasetStatistics(path: path, sample: sample, threadCount: options.threadCount) {
        progress(.statistics, $0, $1)
      }
    }
  }

  private static func draw(_ picture: Picture, of path: String) throws {
    var sheet = ContactSheet()
    sheet.pairLimit = picture.pairs
    let image = try sheet.draw(PairDataset(path: path, split: picture.split))
    try Publication.publishBytes(PNGCodec.encode(image), at: picture.path)
  }
}
