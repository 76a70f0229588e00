import Foundation
import PairData
import RunFixtures
import TestSupport
import Testing

/// Runs on data of several shards, of which a rank sees some, or which are damaged.
@Suite("Sharding and bad pairs", .serialized) struct ShardingTests {
  private let one = ["compute.threads=1"]

  /// A data set of raw pairs in shards of some six pairs.
  private func writeShards(_ folder: String) throws -> [String] {
    let writer = try DatasetWriter(
      output: folder, options: .init(codec: .raw, shardBytes: 6 * 2 * 3 * 36 * 36, validationFraction: 0.2))
    for pair in 0..<48 {
      let images = try (0..<2).map { view in
        try writer.addImage(
          RGBImage(
            width: 36, height: 36,
            pixels: (0..<(36 * 36 * 3)).map { UInt8(truncatingIfNeeded: $0 * (pair + 3) + 77 * view) }),
          source: "\(pair) \(view)")
      }
      try writer.addPair(images[0], images[1], scene: "scene \(pair / 2)")
    }
    return try writer.finish().shards(of: .train).map(\.name)
  }

  /// Runs ranks of which rank 0 finds the data set in the first of `folders`, and the others in the second.
  private func runApart(
    _ fixture: RunFixture, _ name: String, _ overrides: [String], folders: [String], ranks: Int = 2
  ) throws -> ProcessResult {
    let croco = try builtExecutable("croco")
    let script = fixture.output("\(name).sh")
    let arguments = fixture.arguments(name, one + overrides).map { "'\($0)'" }.joined(separator: " ")
    let text = """
      #!/bin/sh
      [ "$OMPI_COMM_WORLD_RANK" = 0 ] && folder='\(folders[0])' || folder='\(folders[1])'
      exec '\(croco)' \(arguments) --set data.path="$folder"
      """
    try text.write(toFile: script, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
    let process = try ChildProcess(
      try #require(MPIRun.path), Array(MPIRun.arguments(ranks: ranks, script, [])), environment: MPIRun.environment)
    return process.finish(within: 60)
  }

  /// Copies a data set with the given shards of its training split.
  private func copy(_ source: String, to folder: String, without left: [String]) throws {
    try FileManager.default.copyItem(atPath: source, toPath: folder)
    for name in left { try FileManager.default.removeItem(atPath: folder + "/" + name) }
  }

  @Test("with all shards everywhere, local is global to the last byte")
  func localIsGlobal() throws {
    let fixture = try RunFixture()
    let data = ["data.path=\(fixture.output("shards"))"]
    _ = try writeShards(fixture.output("shards"))
    try fixture.run("global", data)
    try fixture.run("local", data + ["data.sharding=local"])
    #expect(try fixture.digests("local", step: 20) == fixture.digests("global", step: 20))
  }

  @Test(
    "two ranks with shards of their own train on both, stop and go on, and end with the same bytes",
    .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
  func apart() throws {
    let fixture = try RunFixture()
    let names = try writeShards(fixture.output("shards"))
    #expect(names.count >= 4)
    let folders = [fixture.output("disk 0"), fixture.output("disk 1")]
    // The last shard lies on neither disk.
    let lost = [try #require(names.last)]
    for (rank, folder) in folders.enumerated() {
      let others = names.enumerated().filter { $0.offset % 2 != rank }.map(\.element)
      try copy(fixture.output("shards"), to: folder, without: Array(Set(others + lost)))
    }
    let local = ["data.sharding=local"]
    let whole = try runApart(fixture, "whole", local, folders: folders)
    #expect(whole.status == 0, "\(whole)")
    #expect(whole.output.contains("2 groups of ranks"), "\(whole)")
    #expect(whole.errorOutput.contains("1 of \(names.count) shards lie on no rank's disk"), "\(whole)")
    let part = try runApart(fixture, "run", local + ["schedule.stop_after_steps=10"], folders: folders)
    #expect(part.status == 0, "\(part)")
    let rest = try runApart(fixture, "run", local, folders: folders)
    #expect(rest.status == 0 && rest.output.contains("Going on after step 10"), "\(rest)")
    #expect(try fixture.digests("run", step: 20) == fixture.digests("whole", step: 20))
    #expect(try fixture.metrics("run") == fixture.metrics("whole"))

    // Global sharding needs every shard on every disk, and a disk without shards cannot train.
    let global = try runApart(fixture, "global", [], folders: folders)
    #expect(global.status == 66 && global.errorOutput.contains("is missing"), "\(global)")
    try copy(fixture.output("shards"), to: fixture.output("bare"), without: names)
    let bare = try runApart(fixture, "bare run", local, folders: [folders[0], fixture.output("bare")])
    #expect(bare.status == 66 && bare.errorOutput.contains("None of the"), "\(bare)")
    // All but one shard against that one.
    try copy(fixture.output("shards"), to: fixture.output("much"), without: [names[0]])
    try copy(fixture.output("shards"), to: fixture.output("little"), without: Array(names.dropFirst()))
    let uneven = try runApart(
      fixture, "uneven", local, folders: [fixture.output("much"), fixture.output("little")])
    #expect(uneven.status == 65 && uneven.errorOutput.contains("spread too unevenly"), "\(uneven)")
  }

  @Test(
    "three ranks in two groups that have unequal numbers of micro-batches stop and go on, and one group is global",
    .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
  func unevenGroups() throws {
    let fixture = try RunFixture()
    let names = try writeShards(fixture.output("shards"))
    let folders = [fixture.output("disk 0"), fixture.output("disk 1")]
    for (rank, folder) in folders.enumerated() {
      let others = names.enumerated().filter { $0.offset % 2 != rank }.map(\.element)
      try copy(fixture.output("shards"), to: folder, without: others)
    }
    // One micro-batch of the first disk, one and two of the second.
    let local = ["data.sharding=local"]
    let whole = try runApart(fixture, "whole", local, folders: folders, ranks: 3)
    #expect(whole.status == 0 && whole.output.contains("2 groups of ranks"), "\(whole)")
    for steps in [9, 20] {
      let part = local + ["schedule.stop_after_steps=\(steps)"]
      let result = try runApart(fixture, "run", part, folders: folders, ranks: 3)
      #expect(result.status == 0, "\(result)")
    }
    #expect(try fixture.digests("run", step: 20) == fixture.digests("whole", step: 20))
    #expect(try fixture.metrics("run") == fixture.metrics("whole"))

    let shared = fixture.output("shards")
    try fixture.run("alone", ["data.path=\(shared)"])
    let together = try runApart(fixture, "together", local, folders: [shared, shared], ranks: 3)
    #expect(together.status == 0, "\(together)")
    #expect(try fixture.digests("together", step: 20) == fixture.digests("alone", step: 20))
  }

  @Test(
    "a run that skips bad pairs counts and names them, the same bytes on one rank and two",
    .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
  func skip() throws {
    let fixture = try RunFixture()
    let names = try writeShards(fixture.output("shards"))
    let data = ["data.path=\(fixture.output("shards"))"]
    let skip = data + ["data.on_bad_pair=skip", "data.bad_pair_limit=0.5"]
    try FileManager.default.removeItem(atPath: fixture.output("shards") + "/" + names[1])
    let spoilt = URL(fileURLWithPath: fixture.output("shards") + "/" + names[2])
    var bytes = try Data(contentsOf: spoilt)
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: spoilt)

    let failed = try runProcess(try builtExecutable("croco"), fixture.arguments("failed", data))
    #expect(failed.status == 66 && failed.errorOutput.contains("\(names[1]) is missing"), "\(failed)")

    let alone = try fixture.run("alone", skip)
    let replaced = try fixture.metrics("alone").reduce(0) { $0 + ($1["replaced_pairs"] ?? 0) }
    #expect(replaced > 20)
    #expect(alone.lines.contains { $0.contains("replaced") })
    for name in names[1...2] { #expect(alone.warnings.count { $0.contains(name) } == 1, "\(alone.warnings)") }
    let two = try MPIRun.run(ranks: 2, "croco", fixture.arguments("two", one + skip))
    #expect(two.status == 0, "\(two)")
    #expect(try fixture.digests("two", step: 20) == fixture.digests("alone", step: 20))
    #expect(try fixture.metrics("two") == fixture.metrics("alone"))
    for name in names[1...2] { #expect(two.errorOutput.components(separatedBy: name).count == 2, "\(two)") }

    let limited = try MPIRun.run(
      ranks: 2, "croco", fixture.arguments("limited", one + data + ["data.on_bad_pair=skip"]))
    #expect(limited.status == 65 && limited.errorOutput.contains("data.bad_pair_limit (0.01)"), "\(limited)")
    #expect(limited.errorOutput.components(separatedBy: "could not be used").count == 2, "\(limited)")
  }
}
