import Foundation
import TestSupport
import Testing

/// Bad input: one clear sentence that names the culprit, the documented exit code, and nothing half-written.
@Suite struct BadInputTests {
  let fixture: CommandLineFixture

  init() throws { fixture = try CommandLineFixture.shared.get() }

  private func expect(
    _ status: Int32, naming culprit: String, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let result = try CommandLineFixture.croco(arguments)
    #expect(result.status == status, "\(result.errorOutput)", sourceLocation: sourceLocation)
    let all = result.output + result.errorOutput
    #expect(all.contains(culprit), "\(all)", sourceLocation: sourceLocation)
    let sentences = result.errorOutput.split(separator: "\n").filter { $0.hasPrefix("croco: ") }
    #expect(sentences.count == 1, "\(result.errorOutput)", sourceLocation: sourceLocation)
  }

  @Test("Files that are no images end a conversion with 65 and leave no data set")
  func noImages() throws {
    let good = try fixture.picture("good.png", size: 64)
    let small = try fixture.picture("small.png", size: 16)
    let text = try fixture.file("text.jpg", "this is no picture")
    let empty = try fixture.file("empty.png", "")
    let header = Data(try Data(contentsOf: URL(fileURLWithPath: good)).prefix(200))
    let cut = fixture.folder.path + "/cut.png"
    try header.write(to: URL(fileURLWithPath: cut))
    for (number, bad) in [small, text, empty, cut].enumerated() {
      let list = try fixture.file("bad \(number).tsv", "\(good)\t\(bad)\n")
      let output = fixture.folder.path + "/bad output \(number)"
      try expect(
        65, naming: (bad as NSString).lastPathComponent,
        ["convert", "pairs", list, "--output", output, "--size", "32", "--codec", "png"])
      #expect(!FileManager.default.fileExists(atPath: output + "/manifest.json"))
    }
  }

  @Test("With --skip-bad bad files are left out and counted")
  func skipBad() throws {
    let (good, text) = (try fixture.picture("g.png", size: 64), try fixture.file("t.jpg", "no picture"))
    let list = try fixture.file("mixed.tsv", "\(good)\t\(good)\n\(good)\t\(text)\n")
    let output = fixture.folder.path + "/skipped"
    let result = try CommandLineFixture.croco([
      "convert", "pairs", list, "--output", output, "--size", "32", "--codec", "png", "--validation", "0", "--skip-bad",
    ])
    #expect(result.status == 0)
    #expect((result.output + result.errorOutput).contains("t.jpg"))
    let report = try CommandLineFixture.succeed(["inspect", output, "--json"])
    #expect(
      report.contains("\"pairs\" : 1") || report.contains("\"pairs\": 1") || report.contains("\"pairs\":1"), "\(report)"
    )
  }

  @Test("Missing inputs end with 66")
  func missing() throws {
    let none = fixture.folder.path + "/none"
    try expect(66, naming: "/none", ["convert", "pairs", none, "--output", none + " out"])
    try expect(66, naming: "/none", ["evaluate", "--checkpoint", none, "--data", fixture.data])
    try expect(66, naming: "/none", ["evaluate", "--checkpoint", fixture.run, "--data", none])
    try expect(66, naming: "/none", ["inspect", none])
    try expect(66, naming: "/none", ["features", fixture.run, none, "--output", none + ".npy"])
    try expect(
      66, naming: "/none",
      [
        "train", "--config", fixture.configuration, "--set", "data.path=\(fixture.data)", "--dry-run", "--set",
        "model.initial_weights=\(none)",
      ])
    try expect(66, naming: "/none", ["dump", "--config", none, "--data", fixture.data, "--output", none + " out"])
  }

  @Test("A bad image ends features with 65, and nothing is left; a network without a running mean has none to give")
  func features() throws {
    let (good, text) = (try fixture.picture("f.png", size: 40), try fixture.file("f.jpg", "no picture"))
    let output = fixture.folder.path + "/features.npy"
    try expect(65, naming: "f.jpg", ["features", fixture.run, good, text, "--output", output])
    try expect(66, naming: "ema_decay", ["features", fixture.run, good, "--output", output, "--weights", "ema"])
    #expect(
      try !FileManager.default.contentsOfDirectory(atPath: fixture.folder.path).contains { $0.hasPrefix("features") })
    let line = try CommandLineFixture.succeed(["features", fixture.run, good, "--output", output, "--pool", "mean"])
    #expect(line.contains("1 x 32 numbers") && FileManager.default.fileExists(atPath: output), "\(line)")
  }

  @Test("A truncated shard ends with 65 and is named")
  func truncatedShard() throws {
    let copy = fixture.folder.path + "/truncated"
    try FileManager.default.copyItem(atPath: fixture.data, toPath: copy)
    let shard = copy + "/train-00000.h5"
    try Data(contentsOf: URL(fileURLWithPath: shard)).dropLast(1000).write(to: URL(fileURLWithPath: shard))
    try expect(
      65, naming: "train-00000.h5",
      [
        "train", "--config", fixture.configuration, "--set", "data.path=\(copy)", "--output",
        fixture.folder.path + "/run of truncated",
      ])
    try expect(65, naming: "train-00000.h5", ["inspect", copy, "--verify"])
  }

  @Test("A checkpoint of another network, or a damaged one, ends with 65")
  func checkpoints() throws {
    let copy = fixture.folder.path + "/damaged"
    try FileManager.default.copyItem(atPath: fixture.run + "/checkpoints/step-00000002", toPath: copy)
    let model = copy + "/model.safetensors"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: model))
    bytes[bytes.count - 5] ^= 1
    try bytes.write(to: URL(fileURLWithPath: model))
    try expect(65, naming: "model.safetensors", ["evaluate", "--checkpoint", copy, "--data", fixture.data])
    try expect(
      65, naming: "enc_blocks",
      [
        "dump", "--config", fixture.configuration, "--set", "model.encoder_dim=64", "--data", fixture.data,
        "--checkpoint", fixture.run + "/checkpoints/step-00000002", "--output", fixture.folder.path + "/never",
      ])
  }

  @Test("Output that cannot be written ends with 74")
  func unwritable() throws {
    // A folder below a file cannot be made, whoever asks.
    let blocked = try fixture.file("a file", "") + "/below"
    try expect(
      74, naming: "a file",
      ["train", "--config", fixture.configuration, "--set", "data.path=\(fixture.data)", "--output", blocked])
    try expect(74, naming: "a file", ["synthesize", "--output", blocked, "--pairs", "1", "--size", "16"])
    try expect(
      74, naming: "a file", ["dump", "--config", fixture.configuration, "--data", fixture.data, "--output", blocked])
  }

  @Test("Usage errors end with 64")
  func usage() throws {
    try expect(64, naming: "--output", ["train", "--config", fixture.configuration])
    try expect(
      64, naming: "--pairs", ["evaluate", "--checkpoint", fixture.run, "--data", fixture.data, "--pairs", "0"])
    try expect(64, naming: "nonsense", ["nonsense"])
  }
}
