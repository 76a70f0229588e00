import Collectives
import DataFixtures
import Foundation
import PairConversion
import PairData
import Testing

@Suite struct ConversionTests {
  /// Writes `count` pictures as PNG files named after their number.
  private func writePictures(_ folder: String, _ count: Int, first: Int = 0, width: Int = 40, height: Int = 32) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for index in 0..<count {
      let bytes = try PNGCodec.encode(picture(first + index, width: width, height: height))
      try Data(bytes).write(to: URL(fileURLWithPath: folder + "/frame \(index).png"))
    }
  }

  private func options(
    _ codec: StorageCodec, size: Int? = nil, threads: Int = 2, skipsBadFiles: Bool = false, validation: Double = 0,
    shardBytes: Int = 20_000
  ) -> ConversionOptions {
    ConversionOptions(
      dataset: .init(codec: codec, shardBytes: shardBytes, validationFraction: validation),
      preparation: size.map { ImagePreparation(height: $0, width: $0) }, skipsBadFiles: skipsBadFiles,
      threadCount: threads)
  }

  @Test("frames: natural order, gaps within the range, sub-folders as scenes, the same draw every time")
  func frames() throws {
    try withTemporaryFolder { folder in
      try writePictures(folder + "/b", 12)
      try writePictures(folder + "/a", 3)
      try Data("notes".utf8).write(to: URL(fileURLWithPath: folder + "/a/notes.txt"))
      var notes: [String] = []
      let every = try FrameSequences(gaps: 2...4, pairsPerFrame: 9).pairs(in: folder) { notes.append($0) }
      #expect(notes.count == 2, "a text file, and a frame without a partner")
      #expect(every.count == 1 + (10 + 9 + 8))
      #expect(every[0].view1.source == "a/frame 0.png" && every[0].view2.source == "a/frame 2.png")
      #expect(every.map(\.scene) == ["a"] + Array(repeating: "b", count: 27))
      #expect(every.last?.view1.source == "b/frame 9.png" && every.last?.view2.source == "b/frame 11.png")
      let sequences = FrameSequences(gaps: 1...6, pairsPerFrame: 2, seed: 3)
      let names = { (pairs: [PairCandidate]) in pairs.map { $0.view1.source + " " + $0.view2.source } }
      let drawn = names(try sequences.pairs(in: folder))
      #expect(drawn.count == (2 + 1) + (10 * 2 + 1))
      #expect(Set(drawn).count == drawn.count)
      #expect(try drawn == names(sequences.pairs(in: folder)))
      #expect(try drawn != names(FrameSequences(gaps: 1...6, pairsPerFrame: 2, seed: 4).pairs(in: folder)))
      #expect(failure { _ = try FrameSequences(gaps: 20...30).pairs(in: folder) }?.kind == .badData)
      #expect(failure { _ = try FrameSequences(gaps: 1...2).pairs(in: folder + "/none") }?.kind == .noInput)
    }
  }

  @Test("stereo: files match by name, or by order on request; a lonely file is named")
  func stereo() throws {
    try withTemporaryFolder { folder in
      let (left, right) = (folder + "/left eye", folder + "/right eye")
      try writePictures(left, 3)
      try writePictures(right, 3, first: 10)
      let pairs = try StereoFolders.pairs(left: left, right: right)
      #expect(pairs.map(\.view2.source) == ["right/frame 0.png", "right/frame 1.png", "right/frame 2.png"])
      #expect(pairs.map(\.scene) == ["frame 0", "frame 1", "frame 2"])
      try FileManager.default.moveItem(atPath: right + "/frame 1.png", toPath: right + "/frame 1b.png")
      let refusal = failure { _ = try StereoFolders.pairs(left: left, right: right) }
      #expect(refusal?.kind == .badData)
      #expect(refusal?.message.contains("left eye/frame 1.png") == true)
      #expect(refusal?.message.contains("right eye/frame 1b.png") == true)
      #expect(
        try StereoFolders.pairs(left: left, right: right, matching: .order)[1].view2.source == "right/frame 1b.png")
      try FileManager.default.removeItem(atPath: right + "/frame 1b.png")
      #expect(failure { _ = try StereoFolders.pairs(left: left, right: right, matching: .order) }?.kind == .badData)
    }
  }

  @Test("a conversion gives the same bytes with 1 and 3 threads, and again")
  func determinism() throws {
    try withTemporaryFolder { folder in
      try writePictures(folder + "/in", 30)
      let pairs = try FrameSequences(gaps: 1...5, pairsPerFrame: 2).pairs(in: folder + "/in")
      for (threads, name) in [(1, "a"), (3, "b"), (3, "c")] {
        try convert(
          pairs, options(.jpeg(quality: 90), size: 24, threads: threads, shardBytes: 2_000), to: folder + "/" + name)
      }
      let first = try contents(of: folder + "/a")
      #expect(first.count > 2, "several shards are meant to be compared")
      #expect(try contents(of: folder + "/b") == first)
      #expect(try contents(of: folder + "/c") == first)
    }
  }

  @Test("a conversion tells how much of its own work is done, and goes on from finished shards")
  func progress() throws {
    try withTemporaryFolder { folder in
      try writePictures(folder + "/in", 30)
      let pairs = try FrameSequences(gaps: 1...5).pairs(in: folder + "/in")
      let conversion = Conversion(options: options(.png, shardBytes: 5_000), output: folder + "/out")
      var (reports, lines) = ([[Int]](), [String]())
      _ = try conversion.run(pairs, on: SingleProcessCommunicator()) {
        reports.append([$0, $1])
      } log: {
        lines.append($0)
      }
      #expect(reports.first == [0, 29] && reports.last == [29, 29])
      #expect(reports.map { $0[0] } == reports.map { $0[0] }.sorted())
      #expect(lines.count > 2 && lines.allSatisfy { $0.hasPrefix("train-000") })
    }
  }

  @Test("keep stores the files' own bytes; a size gives the cropped pixels; scenes go to splits whole")
  func codecs() throws {
    try withTemporaryFolder { folder in
      for scene in 0..<8 { try writePictures(folder + "/in/\(scene)", 3, first: 3 * scene) }
      let pairs = try FrameSequences(gaps: 1...1).pairs(in: folder + "/in")
      let kept = try convert(pairs, options(.keep, validation: 0.5, shardBytes: 1 << 20), to: folder + "/keep")
      #expect(kept.imagesRead == 24)
      #expect(kept.manifest.pairCount(of: .train) + kept.manifest.pairCount(of: .validation) == 16)
      #expect(kept.manifest.pairCount(of: .train) % 2 == 0)
      let blob = try Data(contentsOf: URL(fileURLWithPath: folder + "/keep/train-00000.h5"))
      let source = try PairDataset(path: folder + "/keep").sources(ofPair: 0).view1
      #expect(blob.range(of: try Data(contentsOf: URL(fileURLWithPath: folder + "/in/" + source))) != nil)
      _ = try convert(pairs, options(.png, size: 16), to: folder + "/png")
      let expected = picture(0).resized(width: 20, height: 16, filter: .lanczos)
      let image = try PairDataset(path: folder + "/png").images(ofPair: 0).view1
      #expect(image == expected.cropped(to: PixelWindow(x: 2, y: 0, width: 16, height: 16)))
    }
  }

  @Test("a bad file ends the conversion with its name and nothing written, or is left out and counted")
  func badFiles() throws {
    try withTemporaryFolder { folder in
      try writePictures(folder + "/in", 6)
      try Data("text".utf8).write(to: URL(fileURLWithPath: folder + "/in/frame 2.png"))
      try Data().write(to: URL(fileURLWithPath: folder + "/in/frame 5.png"))
      let pairs = try FrameSequences(gaps: 1...1).pairs(in: folder + "/in")
      let refusal = failure { _ = try convert(pairs, options(.png), to: folder + "/out") }
      #expect(refusal?.kind == .badData)
      #expect(refusal?.message.contains("in/frame 2.png") == true)
      #expect(!FileManager.default.fileExists(atPath: folder + "/out"))
      let summary = try convert(pairs, options(.png, skipsBadFiles: true), to: folder + "/out")
      #expect(summary.badFiles.count == 2)
      #expect(summary.skippedPairs == 3)
      #expect(summary.manifest.pairCount(of: .train) == 2)
      let small = failure { _ = try convert(Array(pairs.prefix(1)), options(.png, size: 64), to: folder + "/small") }
      #expect(small?.kind == .badData)
      #expect(small?.message.contains("in/frame 0.png is 32x40 (height x width)") == true)
    }
  }

  @Test("a listed file that does not exist is named with its line")
  func missingFile() throws {
    try withTemporaryFolder { folder in
      try writePictures(folder, 1)
      try Data("'frame 0.png' 'frame 7.png'\n".utf8).write(to: URL(fileURLWithPath: folder + "/list.txt"))
      let refusal = failure {
        _ = try convert(try PairList.read(folder + "/list.txt"), options(.png), to: folder + "/out")
      }
      #expect(refusal?.kind == .badData)
      #expect(refusal?.message.contains("list.txt:1") == true && refusal?.message.contains("frame 7.png") == true)
    }
  }
}
