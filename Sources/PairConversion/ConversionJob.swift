import Foundation
import PairData
import Runtime

/// A conversion that several processes may share, and that goes on where a killed one stopped.
///
/// Every process makes the same job; one of them calls ``claim()``, tells the others which shards are missing, and
/// calls ``finish(_:)`` with everybody's records. The data set is the same whoever converts which shards.
package final class ConversionJob {
  private let pairs: [PairCandidate]
  private let options: ConversionOptions
  private let output: String
  private let plan: ShardPlan
  private let description: ConversionDescription
  private let converter: ShardConverter
  private var folder: ConversionFolder?

  /// Plans the shards; nothing is read or written.
  package init(_ pairs: [PairCandidate], options: ConversionOptions, survey: ConversionSurvey, output: String) {
    self.pairs = pairs
    self.options = options
    self.output = output
    plan = ShardPlan(pairs, options: options, survey: survey)
    description = ConversionDescription(pairs, options: options, survey: survey)
    converter = ShardConverter(pairs, plan, options, output: output)
  }

  /// Equal on all processes that see the same list and were given the same options.
  package var fingerprint: [UInt8] { description.encoded() }

  /// Whether the claimed folder holds this conversion complete; nothing is left to do then.
  package private(set) var isComplete = false

  /// The number of shards.
  package var shardCount: Int { plan.shards.count }

  /// The number of images that this process has read.
  package var imagesRead: Int { converter.imagesRead }

  /// The number of pairs of some shards.
  package func pairCount(ofShards numbers: [Int]) -> Int { numbers.reduce(0) { $0 + plan.shards[$1].pairs.count } }

  /// Claims the output folder, and returns the records of the shards that an interrupted conversion finished there.
  ///
  /// - Throws: `Failure` of kind `usage` (the folder holds something else), `interrupted` (somebody works on it),
  ///   `inputOutput`, or `badData` where a bad file was skipped then and is not to be skipped now.
  package func claim() throws -> [ConvertedShard] {
    let folder = try ConversionFolder(output, description)
    self.folder = folder
    let records = folder.finished(plan)
    isComplete = folder.hasManifest && records.count == plan.shards.count
    if !options.skipsBadFiles, let bad = records.lazy.flatMap(\.badFiles).first { throw bad.failure }
    return records
  }

  /// Converts shards of the claimed folder, by number.
  ///
  /// - Parameters:
  ///   - progress: receives the number of pairs done.
  ///   - log: receives a line for every shard and every bad file.
  /// - Returns: the shards' records, in that order.
  /// - Throws: `Failure` of kind `badData` for the first bad file (unless they are skipped) or `inputOutput`.
  package func convert(
    _ numbers: [Int], progress: (Int) -> Void = { _ in }, log: (String) -> Void = { _ in }
  ) throws -> [ConvertedShard] {
    try converter.convert(numbers, progress: progress, log: log)
  }

  /// Publishes the manifest, once all shards are done. Only by the process that claimed the folder.
  ///
  /// - Parameters:
  ///   - records: those of all shards, in any order.
  ///   - imagesRead: the number of images that all processes have read.
  /// - Throws: `Failure` of kind `badData` where no pair is left (then nothing is), or `inputOutput`.
  package func finish(_ records: [ConvertedShard], imagesRead: Int) throws -> ConversionSummary {
    guard let folder else { preconditionFailure("the folder \(output) is finished by the process that claimed it") }
    precondition(records.count == plan.shards.count, "\(records.count) of \(plan.shards.count) shards are done")
    let records = records.sorted { $0.number < $1.number }
    var badFiles: [Int: Failure] = [:]
    for bad in records.flatMap(\.badFiles) { badFiles[bad.image] = bad.failure }
    let failures = badFiles.sorted { $0.key < $1.key }.map(\.value)
    guard records.contains(where: { $0.entry != nil }) else {
      folder.discard(plan)
      throw Failure(
        .badData, pairs.count == 1 ? "The only pair has a bad file." : "All \(pairs.count) pairs have a bad file.",
        hint: failures.first.map { "\($0.message)" })
    }
    let manifest = manifest(records)
    try folder.finish(manifest, plan)
    return ConversionSummary(
      manifest: manifest, wasComplete: isComplete, imagesRead: imagesRead,
      skippedPairs: records.reduce(0) { $0 + $1.skippedPairs },
      maps: maps(records), large: LargeImages(records.compactMap(\.large)), badFiles: failures)
  }

  /// Leaves the folder after a failure: finished shards stay for another try; without any, nothing does.
  func abandon() { folder?.abandon(plan) }

  /// Nothing where all images resemble maps: then they are what is wanted.
  private func maps(_ records: [ConvertedShard]) -> (count: Int, example: String)? {
    let count = records.reduce(0) { $0 + ($1.maps?.count ?? 0) }
    guard count < records.reduce(0, { $0 + ($1.entry?.images ?? 0) }) else { return nil }
    return records.lazy.compactMap(\.maps?.first).first.map { (count, $0) }
  }

  private func manifest(_ records: [ConvertedShard]) -> DatasetManifest {
    var splits: [Split: [DatasetManifest.Shard]] = [:]
    var sizes: [DatasetManifest.ImageSize?] = []
    for case (let record, .some(let entry)) in records.map({ ($0, $0.entry) }) {
      splits[plan.shards[record.number].split, default: []].append(entry)
      sizes.append(record.imageSize)
    }
    let isCommon = sizes.allSatisfy { $0 == sizes[0] }
    return DatasetManifest(options.dataset, image: isCommon ? sizes[0] : nil, flow: false, splits: splits)
  }
}
