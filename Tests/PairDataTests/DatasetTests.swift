import DataFixtures
import Foundation
import PairData
import Storage
import Testing

@Suite struct DatasetTests {
  @Test(
    "lossless data sets give back every pixel, scene, overlap and source", arguments: [StorageCodec.png, .raw, .keep])
  func roundTrip(codec: StorageCodec) throws {
    try withTemporaryFolder { folder in
      let manifest = try writeDataset(folder + "/data", codec: codec, shardBytes: 12_000)
      #expect(manifest.shards(of: .train).count > 1, "several shards are meant to be tested")
      var seen = 0
      for split in Split.allCases {
        let dataset = try PairDataset(path: folder + "/data", split: split)
        #expect(dataset.count == manifest.pairCount(of: split))
        for index in 0..<dataset.count {
          let pair = Int(try dataset.overlap(ofPair: index) * 16)
          let images = try dataset.images(ofPair: index)
          #expect(images.view1 == picture(pair))
          #expect(images.view2 == picture(pair + 1))
          #expect(try dataset.scene(ofPair: index) == pair / 3)
          #expect(try dataset.sources(ofPair: index).view2 == "folder/picture \(pair + 1).png")
          #expect(try dataset.sizes(ofPair: index).view1 == (32, 40))
          #expect(try dataset.flow(ofPair: index) == nil)
          let expected = DatasetOptions(codec: codec, validationFraction: 0.5, seed: 5).split(
            ofScene: "scene \(pair / 3)")
          #expect(split == expected)
          seen += 1
        }
      }
      #expect(seen == 12)
      #expect(manifest.pairCount(of: .validation) > 0)
    }
  }

  @Test("JPEG data sets give back nearly the same pixels")
  func jpegRoundTrip() throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder, codec: .jpeg(quality: 95))
      let dataset = try PairDataset(path: folder)
      for index in 0..<dataset.count {
        let pair = Int(try dataset.overlap(ofPair: index) * 16)
        // Quality 95 with halved chroma costs about 3 grey levels on this noisy picture.
        #expect(meanDifference(try dataset.images(ofPair: index).view1, picture(pair)) < 6)
      }
    }
  }

  @Test("flow comes back as it was stored")
  func flow() throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder, codec: .png, flow: true)
      let dataset = try PairDataset(path: folder)
      for index in 0..<dataset.count {
        let pair = Int(try dataset.overlap(ofPair: index) * 16)
        #expect(try dataset.flow(ofPair: index) == (0..<(40 * 32 * 2)).map { Float($0 + pair) })
      }
    }
  }

  @Test("the same input gives the same bytes", arguments: [StorageCodec.png, .raw, .jpeg(quality: 90)])
  func determinism(codec: StorageCodec) throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder + "/a", codec: codec, flow: true)
      // HDF5 stamps files with seconds unless told not to.
      Thread.sleep(forTimeInterval: 1.1)
      try writeDataset(folder + "/b", codec: codec, flow: true)
      #expect(try contents(of: folder + "/a") == contents(of: folder + "/b"))
    }
  }

  @Test("an image that serves several pairs is stored once a shard")
  func sharedImages() throws {
    try withTemporaryFolder { folder in
      let writer = try DatasetWriter(output: folder, options: .init(codec: .png, validationFraction: 0))
      let images = try (0..<3).map { try writer.addImage(picture($0), source: "image \($0)") }
      for first in 0..<3 {
        for second in 0..<3 { try writer.addPair(images[first], images[second], scene: 4) }
      }
      let manifest = try writer.finish()
      #expect(manifest.shards(of: .train).map(\.images) == [3])
      let dataset = try PairDataset(path: folder)
      #expect(dataset.count == 9)
      #expect(try dataset.scene(ofPair: 8) == 4)
      #expect(try dataset.overlap(ofPair: 0).isNaN)
      #expect(try dataset.images(ofPair: 5).view2 == picture(2))
    }
  }

  @Test("nothing is published before the end, and an unfinished data set leaves nothing behind")
  func publication() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/data"
      do {
        let writer = try DatasetWriter(output: path, options: .init(codec: .raw, shardBytes: 5_000))
        let images = try (0..<4).map { try writer.addImage(picture($0), source: "image \($0)") }
        for image in images { try writer.addPair(image, image, scene: "one", split: .train) }
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        #expect(names.count == 3)
        #expect(names.allSatisfy { $0.contains(Publication.temporaryMarker) })
      }
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test("a folder that holds something is refused, what a killed writer left is not")
  func occupiedFolder() throws {
    try withTemporaryFolder { folder in
      let leftover = folder + "/train-00000.h5" + Publication.temporaryMarker + "999999999"
      try Data("half".utf8).write(to: URL(fileURLWithPath: leftover))
      try writeDataset(folder, codec: .png)
      #expect(!FileManager.default.fileExists(atPath: leftover))
      let refusal = failure { try writeDataset(folder, codec: .png) }
      #expect(refusal?.kind == .usage)
      #expect(refusal?.message.contains(folder) == true)
      #expect(failure { try writeDataset(folder + "/manifest.json", codec: .png) }?.kind == .inputOutput)
    }
  }

  @Test("a missing folder is no input, a folder without a manifest too, an empty split is bad data")
  func missingData() throws {
    try withTemporaryFolder { folder in
      #expect(failure { _ = try PairDataset(path: folder + "/none") }?.kind == .noInput)
      #expect(failure { _ = try PairDataset(path: folder) }?.kind == .noInput)
      let writer = try DatasetWriter(output: folder + "/data", options: .init(codec: .png, validationFraction: 0))
      let image = try writer.addImage(picture(0), source: "a")
      try writer.addPair(image, image, scene: 0)
      try writer.finish()
      #expect(failure { _ = try PairDataset(path: folder + "/data", split: .validation) }?.kind == .badData)
      let empty = try DatasetWriter(output: folder + "/empty", options: .init(codec: .png))
      #expect(failure { try empty.finish() }?.kind == .badData)
    }
  }

  @Test("raw data sets refuse images of different sizes by name")
  func mixedSizes() throws {
    try withTemporaryFolder { folder in
      let writer = try DatasetWriter(output: folder, options: .init(codec: .raw))
      let a = try writer.addImage(picture(0), source: "a")
      let b = try writer.addImage(picture(1, width: 32), source: "b")
      let refusal = failure { try writer.addPair(a, b, scene: 0) }
      #expect(refusal?.kind == .badData)
      #expect(refusal?.message.contains("b is 32x32") == true)
    }
  }
}
