import DataFixtures
import Foundation
import PairConversion
import PairData
import Runtime
import Testing

/// A conversion of ten scenes of four frames into a shard a pair or two.
private struct Sample {
  let folder: String
  let pairs: [PairCandidate]

  init(_ folder: String) throws {
    self.folder = folder
    for scene in 0..<10 {
      try FileManager.default.createDirectory(atPath: folder + "/in/\(scene)", withIntermediateDirectories: true)
      for frame in 0..<4 {
        let bytes = try PNGCodec.encode(picture(4 * scene + frame))
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/in/\(scene)/\(frame).png"))
      }
    }
    pairs = try FrameSequences(gaps: 1...2, pairsPerFrame: 2).pairs(in: folder + "/in")
  }

  func options(threads: Int = 2, seed: UInt64 = 1, skipsBadFiles: Bool = false) -> ConversionOptions {
    .init(
      dataset: .init(codec: .jpeg(quality: 90), shardBytes: 1000, validationFraction: 0.3, seed: seed),
      preparation: ImagePreparation(height: 24, width: 24, fit: .randomCrop, seed: seed), skipsBadFiles: skipsBadFiles,
      threadCount: threads)
  }

  func job(_ output: String, _ options: ConversionOptions) throws -> ConversionJob {
    ConversionJob(
      pairs, options: options, survey: try ConversionSurvey(pairs, options: options), output: folder + "/" + output)
  }

  func convert(_ output: String, _ options: ConversionOptions) throws -> ConversionSummary {
    try PairConversionTests.convert(pairs, options, to: folder + "/" + output)
  }

  func contents(_ output: String) throws -> [String: Data] { try DataFixtures.contents(of: folder + "/" + output) }

  func remove(_ file: String) throws { try FileManager.default.removeItem(atPath: folder + "/" + file) }
}

@Suite struct ConversionResumeTests {
  @Test("jobs that share the shards, with any number of threads, give the bytes of one alone")
  func sharedShards() throws {
    try withTemporaryFolder { folder in
      let sample = try Sample(folder)
      _ = try sample.convert("alone", sample.options(threads: 1))
      let (first, second) = (
        try sample.job("shared", sample.options(threads: 3)), try sample.job("shared", sample.options(threads: 1))
      )
      #expect(first.shardCount > 8, "several shards are meant to be shared")
      #expect(first.fingerprint == second.fingerprint)
      #expect(try first.claim() == [])
      let others = try second.convert(Array(stride(from: first.shardCount - 1, to: 0, by: -2)))
      let done = Set(others.map(\.number))
      let mine = try first.convert((0..<first.shardCount).filter { !done.contains($0) })
      _ = try first.finish(others + mine, imagesRead: first.imagesRead + second.imagesRead)
      #expect(try sample.contents("shared") == sample.contents("alone"))
      #expect(try DatasetVerification(path: folder + "/shared").problems == [])
    }
  }

  @Test("a conversion that stopped anywhere goes on to the same bytes, without redoing finished shards")
  func resumption() throws {
    try withTemporaryFolder { folder in
      let sample = try Sample(folder)
      let whole = try sample.convert("whole", sample.options())
      func stop(after shards: [Int], _ spoil: () throws -> Void = {}) throws -> ConversionSummary {
        if FileManager.default.fileExists(atPath: folder + "/run") { try sample.remove("run") }
        do {
          let job = try sample.job("run", sample.options())
          _ = try job.claim()
          _ = try job.convert(shards)
        }
        try Data().write(to: URL(fileURLWithPath: folder + "/run/train-00009.h5.tmp-1"))
        try spoil()
        let summary = try sample.convert("run", sample.options(threads: 1))
        #expect(try sample.contents("run") == sample.contents("whole"))
        return summary
      }
      #expect(try stop(after: []).imagesRead == whole.imagesRead)
      #expect(try stop(after: [3, 0, 5]).imagesRead < whole.imagesRead)
      let all = Array(0..<(try sample.job("none", sample.options()).shardCount))
      #expect(try stop(after: all).imagesRead == 0)
      // A shard counts only with its record and at its length.
      #expect(try stop(after: all) { try sample.remove("run/train-00001.json") }.imagesRead > 0)
      #expect(try stop(after: all) { try sample.remove("run/train-00001.h5") }.imagesRead > 0)
      let cut = { try Data(count: 100).write(to: URL(fileURLWithPath: folder + "/run/train-00001.h5")) }
      #expect(try stop(after: all, cut).imagesRead > 0)
      // Stopped between the manifest and the removal of the last record.
      let late = try stop(after: all) {
        try FileManager.default.copyItem(atPath: folder + "/whole/manifest.json", toPath: folder + "/run/manifest.json")
        try sample.remove("run/train-00000.json")
      }
      #expect(late.imagesRead == 0)
    }
  }

  /// Leaves two finished shards in the folder "run".
  private func begin(_ sample: Sample) throws {
    let job = try sample.job("run", sample.options())
    _ = try job.claim()
    _ = try job.convert([0, 1])
  }

  /// The failure of another conversion into the folder "run".
  private func refusal(_ sample: Sample, _ pairs: [PairCandidate], _ options: ConversionOptions) -> Failure? {
    failure { _ = try convert(pairs, options, to: sample.folder + "/run") }
  }

  @Test("a half-done folder refuses other options and other pairs, and says what differs")
  func otherOptions() throws {
    try withTemporaryFolder { folder in
      let sample = try Sample(folder)
      try begin(sample)
      let before = try sample.contents("run")
      let seed = refusal(sample, sample.pairs, sample.options(seed: 2))
      #expect(seed?.kind == .usage)
      #expect(seed?.message.contains("`seed` was 1 and is 2 now") == true)
      let fewer = refusal(sample, Array(sample.pairs.dropLast()), sample.options())
      #expect(fewer?.kind == .usage)
      #expect(fewer?.message.contains("`pairs`") == true)
      let other = refusal(sample, sample.pairs.reversed(), sample.options())
      #expect(other?.kind == .usage)
      #expect(other?.message.contains("the pairs") == true)
      #expect(try sample.contents("run") == before)
    }
  }

  @Test(
    "a folder that somebody works on is refused for now; one that is complete is left as it is, but for a lost shard")
  func occupied() throws {
    try withTemporaryFolder { folder in
      let sample = try Sample(folder)
      do {
        let job = try sample.job("run", sample.options())
        _ = try job.claim()
        let busy = refusal(sample, sample.pairs, sample.options())
        #expect(busy?.kind == .interrupted)
        #expect(busy?.message.contains("Another process") == true)
        let summary = try job.finish(try job.convert(Array(0..<job.shardCount)), imagesRead: job.imagesRead)
        #expect(!summary.wasComplete)
      }
      let before = try sample.contents("run")
      #expect(try sample.convert("run", sample.options(threads: 1)).wasComplete)
      let other = refusal(sample, sample.pairs, sample.options(seed: 3))
      #expect(other?.kind == .usage && other?.message.contains("a complete conversion that is not this one") == true)
      try sample.remove("run/train-00001.h5")
      #expect(try !sample.convert("run", sample.options()).wasComplete)
      #expect(try sample.contents("run") == before)
    }
  }

  @Test("after a bad file the finished shards stay, and skipping bad files goes on from them")
  func badFile() throws {
    try withTemporaryFolder { folder in
      let sample = try Sample(folder)
      try Data("text".utf8).write(to: URL(fileURLWithPath: folder + "/in/7/2.png"))
      let found = failure { _ = try sample.convert("run", sample.options()) }
      #expect(found?.kind == .badData && found?.message.contains("7/2.png") == true)
      let stopped = try sample.contents("run").keys.filter { $0.hasSuffix(".h5") }.count
      #expect(stopped > 0)
      let skipping = try sample.convert("run", sample.options(skipsBadFiles: true))
      #expect(skipping.skippedPairs == 3 && skipping.badFiles.map(\.kind) == [.badData])
      let whole = try sample.convert("whole", sample.options(threads: 1, skipsBadFiles: true))
      #expect(whole.skippedPairs == 3 && skipping.imagesRead < whole.imagesRead)
      #expect(try sample.contents("run") == sample.contents("whole"))
    }
  }

  @Test("what was skipped in the first try is an error in a second one that skips none")
  func skippedBefore() throws {
    try withTemporaryFolder { folder in
      let sample = try Sample(folder)
      try Data("text".utf8).write(to: URL(fileURLWithPath: folder + "/in/0/1.png"))
      do {
        let job = try sample.job("run", sample.options(skipsBadFiles: true))
        _ = try job.claim()
        _ = try job.convert([0, 1, 2])
      }
      #expect(failure { _ = try sample.convert("run", sample.options()) }?.message.contains("0/1.png") == true)
    }
  }

  @Test("shards come near the wanted size: exactly for keep, below it for raw")
  func shardSizes() throws {
    try withTemporaryFolder { folder in
      let sample = try Sample(folder)
      for (codec, limit) in [(StorageCodec.keep, 12_000), (.raw, 20_000)] {
        let output = folder + "/" + codec.name
        let options = ConversionOptions(dataset: .init(codec: codec, shardBytes: limit, validationFraction: 0))
        let shards = try convert(sample.pairs, options, to: output).manifest.shards(of: .train)
        #expect(shards.count > 3)
        for shard in shards {
          let payload = shard.payload.reduce(0) { $0 + $1[1] }
          #expect(payload <= limit)
          #expect(shard == shards.last || payload > limit / 2)
        }
      }
    }
  }
}
