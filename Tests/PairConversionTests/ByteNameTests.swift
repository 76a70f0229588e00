import DataFixtures
import Foundation
import PairConversion
import PairData
import Storage
import Testing

/// Names are bytes: "é" as one character and as an "e" with an accent are two files, two folders, two scenes.
@Suite struct ByteNameTests {
  private let composed = "\u{E9}"
  private let decomposed = "e\u{301}"

  private func bytes(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

  @Test("two images of a list stay two, with their own sources")
  func images() throws {
    try withTemporaryFolder { folder in
      _ = try CollectionTree(folder, ["\(composed).png", "\(decomposed).png"])
      let list = folder + "/list.txt"
      try Data("\(composed).png \(decomposed).png\n".utf8).write(to: URL(fileURLWithPath: list))
      let output = folder + "/data"
      try convert(
        PairList.read(list), ConversionOptions(dataset: .init(codec: .keep, validationFraction: 0)), to: output)
      let dataset = try PairDataset(path: output)
      #expect(dataset.imageCount == 2)
      let (images, sources) = (try dataset.images(ofPair: 0), try dataset.sources(ofPair: 0))
      #expect(images.view1 == picture(0) && images.view2 == picture(1))
      #expect(bytes([sources.view1, sources.view2]) == bytes(["\(composed).png", "\(decomposed).png"]))
    }
  }

  @Test("a list names files in another encoding than UTF-8; one in UTF-16 is refused")
  func otherEncodings() throws {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder, ["a.png"])
      let name: [UInt8] = [0x72, 0xE9, 0x2E, 0x70, 0x6E, 0x67]
      let image = try EncodedImage(encoding: picture(1), as: .png, name: "test")
      let file = try File(folder.appending(path: String(pathBytes: name)), .writing)
      try file.write(image.bytes)
      try file.close()
      try tree.write("list.txt", Data(Array("a.png ".utf8) + name))
      let pairs = try PairList.read(folder + "/list.txt")
      #expect(pairs[0].view2.path.pathBytes == Array((folder + "/").utf8) + name)
      #expect(try EncodedImage(file: pairs[0].view2.path).decoded() == picture(1))
      try tree.write("list.txt", "a.png b.png".data(using: .utf16) ?? Data())
      #expect(failure { _ = try PairList.read(folder + "/list.txt") }?.message.contains("no text in UTF-8") == true)
    }
  }

  @Test("two scenes stay two, in frames, in stereo folders and in collections")
  func scenes() throws {
    try withTemporaryFolder { folder in
      let names = [composed, decomposed]
      _ = try CollectionTree(folder + "/frames", names.flatMap { ["\($0)/1.png", "\($0)/2.png"] })
      let frames = try FrameSequences(gaps: 1...1).pairs(in: folder + "/frames")
      #expect(Set(bytes(frames.map(\.scene))) == Set(bytes(names)) && frames.count == 2)
      for side in ["left", "right"] { _ = try CollectionTree(folder + "/" + side, names.map { "\($0)/\($0).png" }) }
      for matching in StereoFolders.Matching.allCases {
        let pairs = try StereoFolders.pairs(left: folder + "/left", right: folder + "/right", matching: matching)
        #expect(
          bytes(pairs.map { $0.view1.source.replacing("left", with: "right") }) == bytes(pairs.map(\.view2.source)))
        #expect(Set(bytes(pairs.map(\.scene))) == Set(bytes(names)) && pairs.count == 2)
      }
      _ = try CollectionTree(folder + "/tree", names.flatMap { ["\($0)/im0.png", "\($0)/im1.png"] })
      let pairs = try StereoCollection(Middlebury.self).pairs(in: folder + "/tree")
      #expect(pairs.count == 2)
      let output = folder + "/data"
      try convert(pairs, ConversionOptions(dataset: .init(codec: .keep, validationFraction: 0)), to: output)
      let dataset = try PairDataset(path: output)
      #expect(try (0..<2).map { try dataset.scene(ofPair: $0) } == [0, 1])
    }
  }
}
