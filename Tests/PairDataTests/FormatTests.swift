import DataFixtures
import Foundation
import PairConversion
import PairData
import TestSupport
import Testing

/// The format on disk: what older versions wrote, and what other programs read.
@Suite struct FormatTests {
  /// A data set of format version 1 as croco 0.1 wrote it: one pair of 16x12 pixels.
  private func versionOne(_ name: String) throws -> String {
    try #require(Bundle.module.path(forResource: "Fixtures/version1/\(name)", ofType: nil))
  }

  /// View `view` of the pair, from which the fixtures were made.
  private func view(_ view: Int) -> RGBImage {
    var pixels: [UInt8] = []
    for y in 0..<12 {
      for x in 0..<16 { pixels += [x * 9 + view * 40, y * 14 + view * 20, (x + y) * 6 + view * 30].map { UInt8($0) } }
    }
    return RGBImage(width: 16, height: 12, pixels: pixels)
  }

  @Test("data sets of version 1 read as they were written", arguments: ["keep", "png", "raw", "jpeg"])
  func fixtures(codec: String) throws {
    let path = try versionOne(codec)
    #expect(try DatasetVerification(path: path).problems == [])
    let dataset = try PairDataset(path: path)
    #expect(dataset.count == 1 && dataset.imageCount == 2 && dataset.manifest.version == 1)
    #expect(dataset.manifest.codec == codec && dataset.manifest.licence == "CC0")
    let images = try dataset.images(ofPair: 0)
    for (image, number) in [(images.view1, 0), (images.view2, 1)] {
      if codec == "jpeg" {
        #expect(meanDifference(image, view(number)) < 3)
      } else {
        #expect(image == view(number))
      }
    }
    #expect(try dataset.sources(ofPair: 0) == ("view0.png", "view1.png"))
    #expect(try dataset.sizes(ofPair: 0).view2 == (12, 16) && dataset.overlap(ofPair: 0).isNaN)
    #expect(try dataset.flow(ofPair: 0) == nil)
  }

  @Test("optical flow of version 1 is read")
  func flow() throws {
    let path = try versionOne("flow")
    #expect(try DatasetVerification(path: path).problems == [])
    let dataset = try PairDataset(path: path)
    let flow = try #require(try dataset.flow(ofPair: 0))
    #expect(flow.count == 16 * 16 * 2 && flow.contains { $0.isFinite })
    #expect(try dataset.overlap(ofPair: 0) > 0)
  }

  @Test("a manifest of version 2 is refused, keys that nobody knows are not")
  func versions() throws {
    try withTemporaryFolder { folder in
      let copy = folder + "/data"
      try FileManager.default.copyItem(atPath: versionOne("png"), toPath: copy)
      let url = URL(fileURLWithPath: copy + "/manifest.json")
      let sound = try String(contentsOf: url, encoding: .utf8)
      func write(_ text: String) throws { try text.write(to: url, atomically: false, encoding: .utf8) }

      let later = sound.replacing("{\n", with: "{\n\"x\": 1,", maxReplacements: 1)
        .replacing("\"bytes\" :", with: "\"colour\" : [1, {}], \"bytes\" :")
      #expect(later.contains("colour"))
      try write(later)
      #expect(try PairDataset(path: copy).images(ofPair: 0).view1 == view(0))
      for text in [sound, #"{"format": "croco-pairs", "version": 1, "shards": "elsewhere"}"#] {
        try write(text.replacing(/"version" ?: 1/, with: "\"version\": 2"))
        let refused = failure { _ = try PairDataset(path: copy) }
        #expect(refused?.kind == .badData && refused?.message.contains("format version 2") == true, "\(text)")
        #expect(refused?.hint == "Update croco.")
      }
    }
  }

  @Test(
    "h5dump opens every shard",
    .enabled(
      if: installedProgram("h5dump") != nil, "h5dump is not installed: launch/setup --tests installs it."))
  func dump() throws {
    try withTemporaryFolder { folder in
      for (name, codec) in [("raw", StorageCodec.raw), ("jpeg", .jpeg(quality: 90)), ("png", .png)] {
        let manifest = try writeDataset("\(folder)/\(name)", codec: codec, shardBytes: 9_000, flow: true)
        for split in Split.allCases {
          for shard in manifest.shards(of: split) {
            let result = try runProcess(
              try #require(installedProgram("h5dump")), ["-d", "/pair/index", "\(folder)/\(name)/\(shard.name)"])
            #expect(result.status == 0 && result.errorOutput.isEmpty, "\(result)")
            #expect(result.output.contains("DATASPACE  SIMPLE { ( \(shard.pairs), 2 )"), "\(result)")
          }
        }
      }
    }
  }
}
