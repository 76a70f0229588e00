import ArgumentParser
import Collectives
import Foundation
import PairConversion
import Runtime

/// One conversion, alone or as one rank of many: rank 0 claims and finishes the folder, all ranks share the shards.
struct ConversionRun {
  let options: PairConverter.Options
  let output: String

  /// A rank that fails alone ends the others after so many seconds; their finished shards stay.
  private static let patience = 1.0

  /// Converts, and reports what came out, with the seconds that it took.
  ///
  /// - Parameter list: lists the pairs, and notes what is worth saying before the conversion starts; called before MPI
  ///   starts, so that it may start processes.
  func run(
    _ list: (_ note: (String) -> Void) throws -> [PairCandidate],
    report: (PairConverter.Summary, _ seconds: Double) -> Void
  ) throws {
    var notes: [String] = []
    let listing = Result { try list { notes.append($0) } }
    let status = Communicators.run(patience: Self.patience, report: Croco.report) { communicator in
      let pairs = try communicator.together { try listing.get() }
      let start = ContinuousClock.now
      if let summary = try convert(pairs, notes, communicator) {
        report(summary, (ContinuousClock.now - start) / .seconds(1))
      }
    }
    if status != 0 { throw ExitCode(status) }
  }

  /// Converts; the summary is rank 0's.
  private func convert(
    _ pairs: [PairCandidate], _ notes: [String], _ communicator: any Communicator
  ) throws -> PairConverter.Summary? {
    let isFirst = communicator.rank == 0
    let job = ConversionJob(
      pairs, options: options, survey: try survey(pairs, communicator), output: output)
    do {
      try check(job, communicator)
      let finished = try communicator.together { isFirst ? try job.claim() : [] }
      let missing = try missing(job, finished, communicator)
      let records = try convert(job, missing, finished, notes, communicator)
      let all = try gather(records, communicator)
      let read = try communicator.gatherBytes(Self.bytes([Int64(job.imagesRead)])).flatMap(Self.words)
      var summary = try communicator.together { isFirst ? try job.finish(finished + all) : nil }
      summary?.imagesRead = read.reduce(0) { $0 + Int($1) }
      return summary
    } catch {
      // With several ranks, the others may be at work in the folder.
      if communicator.size == 1 { job.abandon() }
      throw error
    }
  }

  /// Rank 0 looks at the files, for all.
  private func survey(_ pairs: [PairCandidate], _ communicator: any Communicator) throws -> ConversionSurvey {
    let mine = try communicator.together {
      communicator.rank == 0 ? try ConversionSurvey(pairs, options: options).words : []
    }
    let count = try communicator.gatherBytes(Self.bytes([Int64(mine.count)])).first.map(Self.words)?[0] ?? 0
    var words = communicator.rank == 0 ? mine : [Int64](repeating: 0, count: Int(count))
    try words.withUnsafeMutableBytes { try communicator.broadcast($0, from: 0) }
    return ConversionSurvey(words: words)
  }

  private func check(_ job: ConversionJob, _ communicator: any Communicator) throws {
    let fingerprints = try communicator.gatherBytes(job.fingerprint)
    guard let other = fingerprints.firstIndex(where: { $0 != fingerprints[0] }) else { return }
    throw Failure(
      .usage, "Rank \(other) sees another list of pairs, or other options, than rank 0.",
      hint: "All ranks need the same command and the same files.")
  }

  /// The shards that this rank is to convert: every so-manieth of those that are not finished.
  private func missing(
    _ job: ConversionJob, _ finished: [ConvertedShard], _ communicator: any Communicator
  ) throws -> [Int] {
    let numbers = try communicator.gatherBytes(Self.bytes(finished.map { Int64($0.number) })).flatMap(Self.words)
    let done = Set(numbers.map { Int($0) })
    let missing = (0..<job.shardCount).filter { !done.contains($0) }
    return missing.enumerated().filter { $0.offset % communicator.size == communicator.rank }.map(\.element)
  }

  private func convert(
    _ job: ConversionJob, _ mine: [Int], _ finished: [ConvertedShard], _ notes: [String],
    _ communicator: any Communicator
  ) throws -> [ConvertedShard] {
    let isFirst = communicator.rank == 0
    let bar = ProgressBar("convert", total: job.pairCount(ofShards: mine), unit: "pairs", isQuiet: !isFirst)
    defer { bar.clear() }
    if isFirst {
      for note in notes { bar.print(note) }
      if !finished.isEmpty {
        bar.print("\(output): \(finished.count) of \(job.shardCount) shards are there already; going on")
      }
    }
    return try job.convert(mine, progress: bar.update, log: bar.print)
  }

  private func gather(_ records: [ConvertedShard], _ communicator: any Communicator) throws -> [ConvertedShard] {
    let texts = try communicator.gatherBytes(Array(JSONEncoder().encode(records)))
    return try texts.flatMap { try JSONDecoder().decode([ConvertedShard].self, from: Data($0)) }
  }

  private static func bytes(_ words: [Int64]) -> [UInt8] { words.withUnsafeBytes { Array($0) } }

  private static func words(_ bytes: [UInt8]) -> [Int64] {
    bytes.withUnsafeBytes { source in
      (0..<source.count / 8).map { source.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self) }
    }
  }
}
