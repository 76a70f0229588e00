import DataFixtures
import Foundation
import PairConversion
import PairData
import Runtime
import TestSupport
import Testing

/// What folders hold beside plain images: links, pipes, depth maps, thumbnails.
@Suite("Folders as the world makes them") struct FolderWalkTests {
  private func write(_ paths: [String], below folder: String) throws {
    for (index, path) in paths.enumerated() {
      let url = URL(fileURLWithPath: folder + "/" + path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(PNGCodec.encode(picture(index))).write(to: url)
    }
  }

  private func sources(_ pairs: [PairCandidate]) -> [String] { pairs.map(\.view1.source) }

  private static let frames = FrameSequences(gaps: 1...1)

  @Test(
    "frames leave out depth maps, labels and thumbnails, say how many, and take them where they are asked for",
    arguments: [
      ["frame-000000.color.png", "frame-000001.color.png", "frame-000000.depth.png", "frame-000001.depth.png"],
      ["rgb/1.png", "rgb/2.png", "depth/1.png", "depth/2.png"],
      ["color/0.jpg", "color/1.jpg", "depth/0.png", "label-filt/0.png"],
      ["lowres_wide/a_0.png", "lowres_wide/a_1.png", "lowres_depth/a_0.png", "confidence/a_0.png"],
      ["frame000000.jpg", "frame000001.jpg", "depth000000.png", "depth000001.png"],
      ["a.jpg", "b.jpg", "@eaDir/a.jpg", "@eaDir/b.jpg"],
    ])
  func maps(paths: [String]) throws {
    try withTemporaryFolder { folder in
      try write(paths, below: folder)
      var lines: [String] = []
      let pairs = try Self.frames.pairs(in: folder) { lines.append($0) }
      #expect(sources(pairs) == [paths[0]])
      #expect(lines.count == 1 && lines[0].contains("2 images are not used: their names say depth"), "\(lines)")
      let all = try ImageFolder(folder, ImageSelection(including: ["*"]))
      #expect(all.count == 4)
    }
  }

  @Test("patterns with a slash match whole paths, others any name in them, whatever the case")
  func patterns() throws {
    try withTemporaryFolder { folder in
      try write(["a/Left/1.png", "a/Left/2.png", "b/left/1.png", "b/right/1.png", "b/depth/1.png"], below: folder)
      func count(_ included: [String], _ excluded: [String] = []) throws -> Int {
        try ImageFolder(folder, ImageSelection(including: included, excluding: excluded)).count
      }
      #expect(try count([]) == 4)
      #expect(try count(["left"]) == 3)
      #expect(try count(["b/*"]) == 3)
      #expect(try count(["left", "right"], ["a"]) == 2)
      #expect(try count(["*.PNG"], ["?ight"]) == 4)
    }
  }

  @Test("where patterns leave nothing, the failure says what left the images out")
  func nothingLeft() throws {
    try withTemporaryFolder { folder in
      try write(["1.png", "depth/1.png"], below: folder)
      let refusal = failure { _ = try ImageFolder(folder, ImageSelection(excluding: ["1.png"])) }
      #expect(refusal?.kind == .badData)
      #expect(
        refusal?.message.contains("2 images are not used: excluded by a pattern") == true, "\(refusal?.message ?? "")")
    }
  }

  @Test("frames that no other frame is near enough to are counted")
  func lonelyFrames() throws {
    try withTemporaryFolder { folder in
      try write(["a/1.png", "a/2.png", "b/1.png"], below: folder)
      var lines: [String] = []
      #expect(try Self.frames.pairs(in: folder) { lines.append($0) }.count == 1)
      #expect(lines.count == 1 && lines[0].contains("1 image is not used") && lines[0].contains("b/1.png"), "\(lines)")
    }
  }

  @Test("links to folders are followed, but not to a folder that they lie in")
  func circles() throws {
    try withTemporaryFolder { folder in
      try write(["in/a/1.png", "elsewhere/2.png"], below: folder)
      try link(folder + "/in/b", to: folder + "/elsewhere")
      try link(folder + "/in/a/up", to: folder + "/in")
      try link(folder + "/in/a/self", to: folder + "/in/a")
      let images = try ImageFolder(folder + "/in")
      #expect(images.subfolders.map(\.text) == ["a", "b"] && images.count == 2)
      var lines: [String] = []
      images.report { lines.append($0) }
      #expect(lines.count == 2 && lines.allSatisfy { $0.contains("is not followed") }, "\(lines)")
    }
  }

  @Test("links that lead nowhere and pipes are bad files: they end a conversion, or are left out and counted")
  func unreadable() throws {
    try withTemporaryFolder { folder in
      try write(["in/1.png", "in/2.png", "in/5.png", "in/6.png"], below: folder)
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/in/3.png", withDestinationPath: folder + "/nowhere.png")
      #expect(mkfifo(folder + "/in/4.png", 0o600) == 0)
      let pairs = try Self.frames.pairs(in: folder + "/in")
      #expect(pairs.count == 5)
      var options = ConversionOptions(dataset: .init(codec: .keep, validationFraction: 0))
      let refusal = failure { try convert(pairs, options, to: folder + "/out") }
      #expect(refusal?.kind == .badData && refusal?.message.contains("3.png") == true, "\(refusal?.message ?? "")")
      options = ConversionOptions(dataset: .init(codec: .keep, validationFraction: 0), skipsBadFiles: true)
      let summary = try convert(pairs, options, to: folder + "/out")
      #expect(summary.badFiles.count == 2 && summary.skippedPairs == 3)
      #expect(summary.badFiles.contains { $0.message.contains("4.png is not a file") }, "\(summary.badFiles)")
    }
  }
}
