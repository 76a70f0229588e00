import Foundation
import PairData
import Runtime

/// Turns pairs of image files into a data set: read, decode, resize and encode in parallel, shard by shard.
package struct PairConverter {
  /// How images are converted.
  package struct Options: Sendable {
    /// Codec, shard size, splits.
    package var writer: DatasetWriter.Options
    /// Resizing, or nil to leave sizes as they are. Must be nil for `keep`.
    package var preparation: ImagePreparation?
    /// Whether pairs with a bad file are left out instead of ending the conversion.
    package var skipsBadFiles: Bool
    /// The number of threads; the result does not depend on it.
    package var threadCount: Int

    /// Options of a conversion; `keep` goes without preparation.
    package init(
      writer: DatasetWriter.Options, preparation: ImagePreparation? = nil, skipsBadFiles: Bool = false,
      threadCount: Int = 1
    ) {
      precondition(writer.codec != .keep || preparation == nil, "--codec keep stores files as they are")
      self.writer = writer
      self.preparation = preparation
      self.skipsBadFiles = skipsBadFiles
      self.threadCount = threadCount
    }
  }

  /// What became of a conversion.
  package struct Summary: Sendable {
    /// What was written.
    package let manifest: DatasetManifest
    /// Images that were read (again, for every shard that needs them).
    package var imagesRead: Int
    /// Pairs that were left out because of a bad file.
    package let skippedPairs: Int
    /// The bad files, in order of appearance, with what is wrong.
    package let badFiles: [Failure]
  }

  /// How pairs are converted.
  package let options: Options

  /// A converter with these options.
  package init(options: Options) { self.options = options }

  /// Converts pairs into the folder `output`, or goes on with a conversion of the same pairs that was interrupted there.
  ///
  /// - Parameters:
  ///   - progress: receives the number of pairs done.
  ///   - log: receives a line for every shard and every bad file.
  /// - Throws: `Failure` of kind `badData` for the first bad file (unless they are skipped), `usage` or `inputOutput`
  ///   for the output. Finished shards stay for another try then; without any, nothing does.
  package func convert(
    _ pairs: [PairCandidate], to output: String, progress: (Int) -> Void = { _ in }, log: (String) -> Void = { _ in }
  ) throws -> Summary {
    let survey = try ConversionSurvey(pairs, options: options)
    let job = ConversionJob(pairs, options: options, survey: survey, output: output)
    do {
      let finished = try job.claim()
      let missing = Set(0..<job.shardCount).subtracting(finished.map(\.number)).sorted()
      let done = job.pairCount(ofShards: finished.map(\.number))
      return try job.finish(finished + job.convert(missing, progress: { progress(done + $0) }, log: log))
    } catch {
      job.abandon()
      throw error
    }
  }
}
