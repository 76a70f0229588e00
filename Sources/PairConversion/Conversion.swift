import Collectives
import Foundation
import PairData
import Runtime
import Storage

/// Turns pairs of image files into a data set, alone or with many ranks: read, decode, resize and encode in parallel,
/// shard by shard.
///
/// Rank 0 claims and finishes the folder, all ranks share the shards. The data set is the same for any number of ranks
/// and threads, and for a conversion that was interrupted and goes on.
package struct Conversion {
  /// How pairs are converted.
  package let options: ConversionOptions
  /// The folder of the data set.
  package let output: String

  /// A conversion into the folder `output`.
  package init(options: ConversionOptions, output: String) {
    self.options = options
    self.output = output
  }

  /// Converts pairs, or goes on with a conversion of the same pairs that was interrupted in the folder. Where that is complete,
  /// nothing is done.
  ///
  /// - Parameters:
  ///   - pairs: the same on all ranks; where listing them throws on one, all ranks throw.
  ///   - progress: receives, on rank 0, how many pairs of how many of its own are done.
  ///   - log: receives, on each rank, a line for every shard and every bad file.
  /// - Returns: what came out, on rank 0; nil on the others.
  /// - Throws: `Failure` of kind `badData` for the first bad file (unless they are skipped), `usage` or `inputOutput`
  ///   for the output. Finished shards stay for another try then; without any, nothing does.
  package func run(
    _ pairs: @autoclosure () throws -> [PairCandidate], on communicator: any Communicator,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, log: (String) -> Void = { _ in }
  ) throws -> ConversionSummary? {
    let listed = try communicator.together { try pairs() }
    let isFirst = communicator.rank == 0
    let heldOut = HeldOutPairs(listed, options.dataset)
    if isFirst, let note = heldOut.note { log(note) }
    let pairs = heldOut.pairs
    let job = ConversionJob(pairs, options: options, survey: try survey(pairs, communicator), output: output)
    do {
      try checkAgreement(job, communicator)
      let finished = try communicator.together { isFirst ? try job.claim() : [] }
      if !finished.isEmpty && !job.isComplete {
        log("\(output): \(finished.count) of \(counted(job.shardCount, "shard")) done already; going on")
      }
      let mine = try share(job, finished, communicator)
      let total = job.pairCount(ofShards: mine)
      if isFirst { progress(0, total) }
      let records = try job.convert(mine, progress: { if isFirst { progress($0, total) } }, log: log)
      let all = try gather(records, communicator)
      let imagesRead = try communicator.gather([job.imagesRead]).joined().reduce(0, +)
      return try communicator.together { isFirst ? try job.finish(finished + all, imagesRead: imagesRead) : nil }
    } catch {
      // With several ranks, the others may be at work in the folder.
      if communicator.size == 1 { job.abandon() }
      throw error
    }
  }

  /// Rank 0 looks at the files, for all.
  private func survey(_ pairs: [PairCandidate], _ communicator: any Communicator) throws -> ConversionSurvey {
    let numbers = try communicator.together {
      communicator.rank == 0 ? try ConversionSurvey(pairs, options: options).numbers : []
    }
    return ConversionSurvey(numbers: try communicator.share(numbers))
  }

  private func checkAgreement(_ job: ConversionJob, _ communicator: any Communicator) throws {
    let fingerprints = try communicator.gatherBytes(job.fingerprint)
    guard let other = fingerprints.firstIndex(where: { $0 != fingerprints[0] }) else { return }
    throw Failure(
      .usage, "Rank \(other) sees another list of pairs, or other options, than rank 0.",
      hint: "All ranks need the same command and the same files.")
  }

  /// The shards that this rank converts: of those that are not finished, it takes each whose place modulo the number
  /// of ranks is its own number.
  private func share(
    _ job: ConversionJob, _ finished: [ConvertedShard], _ communicator: any Communicator
  ) throws -> [Int] {
    let done = Set(try communicator.gather(finished.map(\.number)).joined())
    let missing = (0..<job.shardCount).filter { !done.contains($0) }
    return stride(from: communicator.rank, to: missing.count, by: communicator.size).map { missing[$0] }
  }

  private func gather(_ records: [ConvertedShard], _ communicator: any Communicator) throws -> [ConvertedShard] {
    let texts = try communicator.gatherBytes(JSON.encode(records))
    return try texts.flatMap { try JSONDecoder().decode([ConvertedShard].self, from: Data($0)) }
  }
}

extension Communicator {
  /// The numbers of every rank, by rank.
  fileprivate func gather(_ numbers: [Int]) throws -> [[Int]] {
    try gatherBytes(numbers.withUnsafeBytes { Array($0) }).map { bytes in
      bytes.withUnsafeBytes { source in
        (0..<source.count / 8).map { source.loadUnaligned(fromByteOffset: 8 * $0, as: Int.self) }
      }
    }
  }

  /// The numbers of rank 0, on all ranks.
  fileprivate func share(_ numbers: [Int]) throws -> [Int] {
    let count = try gather([numbers.count])[0][0]
    var shared = rank == 0 ? numbers : [Int](repeating: 0, count: count)
    try shared.withUnsafeMutableBytes { try broadcast($0, from: 0) }
    return shared
  }
}
