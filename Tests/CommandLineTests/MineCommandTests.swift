import Foundation
import PairData
import Storage
import SyntheticScenes
import TestSupport
import Testing

/// `croco mine` as a program: its output folder, its exit codes, and the way on to a data set.
@Suite struct MineCommandTests {
  private let folder: TemporaryFolder
  private var photos: String { folder.path + "/photos" }

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: photos, withIntermediateDirectories: true)
  }

  private func writeViews(_ count: Int) throws {
    let synthesizer = SceneSynthesizer(options: .init(pairs: count, size: 192, seed: 3, samplesPerAxis: 1))
    for number in 0..<count {
      let pair = try synthesizer.pair(number)
      for (name, view) in [("a", pair.view1), ("b", pair.view2)] {
        try Publication.publishBytes(PNGCodec.encode(view), at: photos + "/\(number)\(name).png")
      }
    }
  }

  @Test("Photographs become a list, and the list a data set")
  func mineAndConvert() throws {
    try writeViews(2)
    let pairs = folder.path + "/pairs"
    let output = try CommandLineFixture.succeed([
      "mine", photos, "--output", pairs + "/", "--max-overlap", "1", "--json",
    ])
    #expect(output.contains("\"accepted\":2"), "\(output)")
    #expect(
      Set(try FileManager.default.contentsOfDirectory(atPath: pairs)).isSuperset(of: ["pairs.csv", "matches.png"]))
    let converted = try CommandLineFixture.succeed([
      "convert", "pairs", pairs + "/pairs.csv", "--output", folder.path + "/data", "--size", "64",
    ])
    #expect(converted.contains("2 pairs"), "\(converted)")
    let again = try CommandLineFixture.croco(["mine", photos, "--output", pairs])
    #expect(again.status == 64 && again.errorOutput.contains("not empty"), "\(again.errorOutput)")
  }

  @Test("Missing, empty and useless folders, and impossible options, end with their exit codes and leave nothing")
  func badInput() throws {
    func expect(_ status: Int32, _ culprit: String, _ arguments: [String]) throws {
      let result = try CommandLineFixture.croco(["mine", "--output", folder.path + "/out"] + arguments)
      #expect(result.status == status && result.errorOutput.contains(culprit), "\(result.errorOutput)")
    }
    try expect(66, "/none", [folder.path + "/none"])
    try expect(65, "photos", [photos])
    try Publication.publishText("no picture", at: photos + "/broken.jpg")
    try expect(65, "broken.jpg", [photos])
    try writeViews(1)
    try expect(65, "too much overlap", [photos, "--min-overlap", "0.01", "--max-overlap", "0.02"])
    try expect(64, "--window", [photos, "--window", "3", "--candidates", "4"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["photos"])
  }
}
