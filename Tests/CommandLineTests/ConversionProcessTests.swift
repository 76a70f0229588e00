import Foundation
import PairData
import TestSupport
import Testing

/// Conversions that are killed, and conversions on several ranks, through the real program.
@Suite(.serialized) struct ConversionProcessTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path + "/in", withIntermediateDirectories: true)
    for frame in 0..<80 {
      let pixels = (0..<160 * 120 * 3).map { UInt8(truncatingIfNeeded: $0 * (frame + 3) / 7 + $0 / 480 * 5) }
      let bytes = try PNGCodec.encode(RGBImage(width: 160, height: 120, pixels: pixels))
      try Data(bytes).write(to: URL(fileURLWithPath: folder.path + "/in/\(frame).png"))
    }
  }

  /// Some eighty shards.
  private func arguments(_ output: String, threads: Int = 1, more: [String] = []) -> [String] {
    [
      "convert", "frames", folder.path + "/in", "--output", folder.path + "/" + output, "--size", "64", "--codec",
      "png",
      "--fit", "random-crop", "--shard-size", "18kB", "--validation", "0", "--threads", "\(threads)",
    ] + more
  }

  private func contents(_ output: String) throws -> [String: Data] {
    let path = folder.path + "/" + output
    let names = try FileManager.default.contentsOfDirectory(atPath: path)
    return try Dictionary(
      uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: path + "/" + $0))) })
  }

  private func shardCount(_ output: String) -> Int {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/" + output)) ?? []
    return names.filter { $0.hasSuffix(".h5") }.count
  }

  @Test("A conversion that is killed again and again ends with the same bytes")
  func kills() throws {
    _ = try CommandLineFixture.succeed(arguments("whole", threads: 2))
    // Shards, manifest and what was converted.
    #expect(try contents("whole").count == 81)
    for shards in [0, 3, 20, 45] {
      let process = try ChildProcess(try builtExecutable("croco"), arguments("run"))
      let isReached = process.wait(upTo: 30) {
        shards == 0 ? FileManager.default.fileExists(atPath: folder.path + "/run") : shardCount("run") >= shards
      }
      #expect(isReached)
      process.signal(SIGKILL)
      #expect(process.finish(within: 10).status == 128 + SIGKILL)
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/run/manifest.json"))
    }
    let refused = try CommandLineFixture.croco(arguments("run", more: ["--seed", "4"]))
    #expect(refused.status == 64 && refused.errorOutput.contains("`seed` was 0 and is 4 now"))
    let result = try CommandLineFixture.croco(arguments("run", threads: 2))
    #expect(result.status == 0 && result.errorOutput.contains("shards done already"), "\(result.errorOutput)")
    #expect(try contents("run") == contents("whole"))
  }

  @Test("A signal ends a conversion with 75 and a sentence; it goes on later", arguments: [SIGTERM, SIGINT])
  func signals(signal: Int32) throws {
    let process = try ChildProcess(try builtExecutable("croco"), arguments("run"))
    #expect(process.wait(upTo: 30) { shardCount("run") >= 3 })
    process.signal(signal)
    let stopped = process.finish(within: 10)
    #expect(stopped.status == 75 && stopped.errorOutput.contains("croco: Stopped by a signal; finished shards stay in"))
    #expect(stopped.errorOutput.hasSuffix("Give the same command again to go on.\n"), "\(stopped)")
    _ = try CommandLineFixture.succeed(arguments("whole", threads: 2))
    _ = try CommandLineFixture.succeed(arguments("run", threads: 2))
    #expect(try contents("run") == contents("whole"))
  }

  @Test("A conversion that is complete says so, with other threads too; another one into its folder is refused")
  func complete() throws {
    _ = try CommandLineFixture.succeed(arguments("run", threads: 2))
    let before = try contents("run")
    let again = try CommandLineFixture.succeed(arguments("run"))
    #expect(again.contains("was complete already; nothing was done"), "\(again)")
    #expect(try contents("run") == before)
    let refused = try CommandLineFixture.croco(arguments("run", more: ["--seed", "4"]))
    #expect(refused.status == 64 && refused.errorOutput.contains("a complete conversion that is not this one: `seed`"))
    let merged = try CommandLineFixture.croco(["merge", folder.path + "/run", "--output", folder.path + "/run"])
    #expect(merged.status == 64, "\(merged)")
    #expect(try contents("run") == before)
  }

  @Test("Ranks share a conversion", .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
  func ranks() throws {
    _ = try CommandLineFixture.succeed(arguments("alone"))
    let expected = try contents("alone")
    for ranks in 1...3 {
      let result = try MPIRun.run(ranks: ranks, "croco", arguments("ranks \(ranks)", threads: 3 - ranks % 2))
      #expect(result.status == 0, "\(result.errorOutput)")
      #expect(try contents("ranks \(ranks)") == expected)
    }
  }

  @Test(
    "Killed ranks leave what one process goes on from",
    .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
  func killedRanks() throws {
    _ = try CommandLineFixture.succeed(arguments("alone"))
    let process = try MPIRun.start(ranks: 2, "croco", arguments("run"))
    #expect(process.wait(upTo: 30) { shardCount("run") >= 6 })
    process.signal(SIGKILL)
    #expect(process.finish(within: 10).status == 128 + SIGKILL)
    // The ranks end by themselves a moment later; until then the folder is theirs.
    var result = try CommandLineFixture.croco(arguments("run"))
    for _ in 0..<100 where result.status == 75 {
      #expect(result.errorOutput.contains("Another process"))
      usleep(50_000)
      result = try CommandLineFixture.croco(arguments("run"))
    }
    #expect(result.status == 0, "\(result.errorOutput)")
    #expect(try contents("run") == contents("alone"))
  }

  @Test(
    "A rank with a bad file ends all with its sentence",
    .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
  func badFile() throws {
    try Data("no picture".utf8).write(to: URL(fileURLWithPath: folder.path + "/in/50.png"))
    let result = try MPIRun.run(ranks: 2, "croco", arguments("run"))
    #expect(result.status == 65 && !result.isTimedOut)
    #expect(result.errorOutput.contains("/in/50.png is not a JPEG, PNG or WebP"), "\(result.errorOutput)")
    let skipped = try MPIRun.run(ranks: 2, "croco", arguments("run", more: ["--skip-bad"]))
    #expect(skipped.status == 0 && skipped.output.contains("1 bad file, "), "\(skipped.output)")
    _ = try CommandLineFixture.succeed(arguments("alone", more: ["--skip-bad"]))
    #expect(try contents("run") == contents("alone"))
  }

  @Test("merge, split and inspect --statistics")
  func rearranging() throws {
    _ = try CommandLineFixture.succeed(arguments("one"))
    _ = try CommandLineFixture.succeed(arguments("two", more: ["--seed", "2"]))
    let (one, two, both) = (folder.path + "/one", folder.path + "/two", folder.path + "/both")
    let merged = try CommandLineFixture.succeed(["merge", one, two, "--output", both])
    #expect(merged.contains("158 pairs (158 train, 0 val)"), "\(merged)")
    func split(_ scene: Int, _ seed: UInt64) -> Split {
      DatasetOptions(codec: .png, validationFraction: 0.5, seed: seed).split(ofScene: "\(scene)")
    }
    let seed = try #require((0..<100).first { split(0, $0) == .train && split(1, $0) == .validation })
    let divided = try CommandLineFixture.succeed([
      "split", both, "--output", folder.path + "/divided", "--validation", "0.5", "--seed", "\(seed)",
    ])
    #expect(divided.contains("158 pairs (79 train, 79 val)"), "\(divided)")
    let text = try CommandLineFixture.succeed([
      "inspect", folder.path + "/divided", "--verify", "--statistics", "--sample", "7", "--json",
    ])
    #expect(text.contains("\"sampled_images\":7") && text.contains("\"pairs_per_scene\":[79,79,79]"), "\(text)")
    let refused = try CommandLineFixture.croco(["merge", one, one, "--output", folder.path + "/twice"])
    #expect(refused.status == 65 && refused.errorOutput.contains("the same shard"))
  }
}
