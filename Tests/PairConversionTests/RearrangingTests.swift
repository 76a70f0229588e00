import DataFixtures
import Foundation
import PairConversion
import PairData
import Testing

@Suite struct RearrangingTests {
  /// Every pair of a data set as (scene, number of its first picture), after comparing its pixels.
  private func pairs(_ folder: String) throws -> [(split: Split, scene: Int, picture: Int)] {
    var found: [(split: Split, scene: Int, picture: Int)] = []
    for split in Split.allCases where try DatasetManifest(folder: folder).pairCount(of: split) > 0 {
      let dataset = try PairDataset(path: folder, split: split)
      for index in 0..<dataset.count {
        let number = Int(try dataset.overlap(ofPair: index) * 16)
        let images = try dataset.images(ofPair: index)
        #expect(images.view1 == picture(number) && images.view2 == picture(number + 1))
        found.append((split, try dataset.scene(ofPair: index), number))
      }
    }
    return found
  }

  private func inode(_ path: String) throws -> UInt64? {
    try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? UInt64
  }

  @Test("merged data sets hold every pair, in scenes of their own, and verify", arguments: [false, true])
  func merge(copies: Bool) throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder + "/a", codec: .png, pairs: 12, shardBytes: 12_000)
      try writeDataset(folder + "/b", codec: .png, pairs: 9, shardBytes: 9_000)
      let merged = try DatasetMerger(copiesShards: copies).merge([folder + "/a", folder + "/b"], to: folder + "/c")
      #expect(try DatasetVerification(path: folder + "/c").problems == [])
      #expect(merged.codec == "png" && merged.licence == "CC0" && merged.image?.width == 40)
      let found = try pairs(folder + "/c")
      #expect(found.count == 21)
      // Pictures 0 to 11 in scenes 0 to 3, then 0 to 8 in scenes 4 to 6; scenes keep their splits.
      let expected = (0..<12).map { [$0 / 3, $0] } + (0..<9).map { [4 + $0 / 3, $0] }
      #expect(Set(found.map { [$0.scene, $0.picture] }) == Set(expected))
      for pair in found {
        #expect(
          pair.split
            == DatasetOptions(codec: .png, validationFraction: 0.5, seed: 5).split(ofScene: "scene \(pair.picture / 3)")
        )
      }
      let isLink = try inode(folder + "/a/train-00000.h5") == inode(folder + "/c/train-00000.h5")
      #expect(isLink == !copies)
      // What one data set was divided into has scenes of its own already: all links.
      let again = try DatasetMerger().merge([folder + "/c"], to: folder + "/d")
      #expect(again.shards(of: .train) == merged.shards(of: .train))
    }
  }

  @Test("PNG and JPEG may lie in one data set; raw pixels, or the same shard twice, may not")
  func mixedCodecs() throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder + "/png", codec: .png)
      try writeDataset(folder + "/jpeg", codec: .jpeg(quality: 90))
      try writeDataset(folder + "/raw", codec: .raw)
      let merged = try DatasetMerger().merge([folder + "/png", folder + "/jpeg"], to: folder + "/mixed")
      #expect(merged.codec == "keep")
      #expect(try DatasetVerification(path: folder + "/mixed").problems == [])
      let refused = failure { _ = try DatasetMerger().merge([folder + "/png", folder + "/raw"], to: folder + "/no") }
      #expect(refused?.kind == .badData && refused?.message.contains("codec png") == true)
      let twice = failure { _ = try DatasetMerger().merge([folder + "/png", folder + "/mixed"], to: folder + "/no") }
      #expect(twice?.kind == .badData && twice?.message.contains("the same shard") == true)
      #expect(!FileManager.default.fileExists(atPath: folder + "/no"))
    }
  }

  @Test("a damaged shard that is to be copied is named, and nothing is left behind")
  func damage() throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder + "/a", codec: .png)
      let path = folder + "/a/train-00000.h5"
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      let payload = try DatasetManifest(folder: folder + "/a").shards(of: .train)[0].payload[0]
      bytes[payload[0] + 100] ^= 4
      try bytes.write(to: URL(fileURLWithPath: path))
      let found = failure {
        _ = try DatasetMerger(copiesShards: true).merge([folder + "/a"], to: folder + "/b")
      }
      #expect(found?.kind == .badData && found?.message.contains(path) == true)
      #expect(!FileManager.default.fileExists(atPath: folder + "/b"))
    }
  }

  @Test("a new division keeps scenes whole, every pixel, overlap and flow", arguments: [StorageCodec.png, .raw])
  func split(codec: StorageCodec) throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder + "/a", codec: codec, flow: true)
      var divisions: Set<[Int]> = []
      for seed in UInt64(0)..<4 {
        let output = folder + "/split \(seed)"
        let manifest = try DatasetSplitter(validationFraction: 0.5, seed: seed, shardBytes: 60_000)
          .split(folder + "/a", to: output)
        #expect(try DatasetVerification(path: output).problems == [])
        #expect(manifest.codec == codec.name && manifest.flow && manifest.seed == seed && manifest.licence == "CC0")
        let found = try pairs(output)
        #expect(found.map(\.picture).sorted() == Array(0..<12))
        for pair in found {
          #expect(pair.scene == pair.picture / 3)
          #expect(
            pair.split
              == DatasetOptions(codec: .png, validationFraction: 0.5, seed: seed).split(ofScene: "\(pair.scene)"))
        }
        divisions.insert(found.filter { $0.split == .validation }.map(\.picture).sorted())
        let dataset = try PairDataset(path: output, split: found[0].split)
        #expect(try dataset.flow(ofPair: 0) == (0..<(40 * 32 * 2)).map { Float($0 + found[0].picture) })
      }
      #expect(divisions.count > 1, "seeds are meant to divide differently")
    }
  }

  @Test("statistics are those computed by hand")
  func statistics() throws {
    try withTemporaryFolder { folder in
      func plain(_ red: UInt8, _ green: UInt8, _ blue: UInt8, width: Int, height: Int) -> RGBImage {
        let pixels = [[red, green, blue]]
        return RGBImage(
          width: width, height: height, pixels: Array(repeatElement(pixels[0], count: width * height).joined()))
      }
      let writer = try DatasetWriter(output: folder, options: .init(codec: .png, validationFraction: 0))
      let images = try [
        plain(0, 51, 255, width: 20, height: 10), plain(255, 51, 0, width: 20, height: 10),
        plain(255, 51, 255, width: 10, height: 40),
      ].enumerated().map { try writer.addImage($0.element, source: "\($0.offset)") }
      try writer.addPair(images[0], images[1], scene: 7)
      try writer.addPair(images[1], images[2], scene: 7)
      try writer.addPair(images[2], images[0], scene: 7)
      try writer.addPair(images[0], images[2], scene: 3)
      try writer.finish()
      let found = try #require(try DatasetStatistics(path: folder, sample: 10, threadCount: 2).splits.first)
      #expect(found.name == "train" && found.sampledImages == 3 && found.sizeCount == 2)
      #expect(found.sizes.map { [$0.height, $0.width, $0.images] } == [[10, 20, 2], [40, 10, 1]])
      #expect(found.pairsPerScene == [1, 3, 3])
      // Of 800 pixels, 200 have no red and 200 no blue: mean 3/4, variance 3/4 x 1/4.
      for (mean, expected) in zip(found.mean, [0.75, 0.2, 0.75]) { #expect(abs(mean - expected) < 1e-12) }
      let deviation = (0.75 * 0.25).squareRoot()
      for (value, expected) in zip(found.deviation, [deviation, 0, deviation]) { #expect(abs(value - expected) < 1e-7) }
      let one = try DatasetStatistics(path: folder, sample: 1).splits[0]
      #expect(one.sampledImages == 1 && one.mean == [0, 0.2, 1])
    }
  }
}
