import DataFixtures
import Foundation
import PairConversion
import PairData
import TestSupport
import Testing

/// Videos through ffmpeg, made by ffmpeg.
@Suite struct VideoTests {
  private static let ffmpeg = installedProgram("ffmpeg")

  /// Writes a lossless video of `seconds` at 10 frames a second, whose colours change from frame to frame.
  private func writeVideo(_ path: String, seconds: Int) throws {
    let ffmpeg = try #require(Self.ffmpeg)
    let result = try runProcess(
      ffmpeg,
      [
        "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=\(seconds)", "-c:v", "ffv1",
        "-pix_fmt",
        "bgr0", path,
      ])
    #expect(result.status == 0, "\(result.errorOutput)")
  }

  private func extract(
    _ reader: VideoFrames, _ sources: [String], _ folder: String
  ) throws -> [FrameSequences.Sequence] {
    try reader.extract(sources, to: folder + "/frames \(UUID().uuidString)")
  }

  @Test(
    "frames by rate and by step, each video a scene, the same with any number of threads",
    .enabled(if: ffmpeg != nil, "ffmpeg is not installed: launch/setup --tests installs it."))
  func frames() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/in/a b", withIntermediateDirectories: true)
      try writeVideo(folder + "/in/a b/10.mkv", seconds: 2)
      try writeVideo(folder + "/in/a b/9.mkv", seconds: 1)
      try Data("no video".utf8).write(to: URL(fileURLWithPath: folder + "/in/notes.txt"))
      let every = try extract(VideoFrames(selection: .every(1), threadCount: 3), [folder + "/in"], folder)
      #expect(every.map(\.scene) == ["a b/9", "a b/10"])
      #expect(every.map(\.frames.count) == [10, 20])
      #expect(every[0].frames[0].source == "a b/9/000001.png")
      let pixels = try every[1].frames.map { try EncodedImage(file: $0.path).decoded() }
      #expect(pixels[0].width == 64 && pixels[0].height == 48)
      let third = try extract(VideoFrames(selection: .every(3)), [folder + "/in/a b/10.mkv"], folder)
      #expect(third.map(\.scene) == ["10"])
      #expect(
        try third[0].frames.map { try EncodedImage(file: $0.path).decoded() }
          == stride(from: 0, to: 20, by: 3).map { pixels[$0] })
      let rate = try extract(VideoFrames(selection: .rate(5)), [folder + "/in/a b/10.mkv"], folder)
      #expect(rate[0].frames.count == 10)
      let preparation = ImagePreparation(height: 24, width: 24)
      let small = try extract(
        VideoFrames(selection: .every(1), preparation: preparation, threadCount: 2), [folder + "/in"], folder)
      #expect(
        try EncodedImage(file: small[1].frames[7].path).decoded()
          == preparation.apply(to: pixels[7], number: 0, name: "x"))
      let pairs = try FrameSequences(gaps: 2...4).pairs(of: small, in: folder)
      #expect(pairs.count == 8 + 18)
      try expectConverts(pairs, in: folder)
    }
  }

  @Test(
    "files that are no videos are named, or left out on request",
    .enabled(if: ffmpeg != nil, "ffmpeg is not installed: launch/setup --tests installs it.")
  )
  func damage() throws {
    try withTemporaryFolder { folder in
      try Data("this is no video".utf8).write(to: URL(fileURLWithPath: folder + "/bad.mp4"))
      let refusal = failure { _ = try extract(VideoFrames(selection: .rate(2)), [folder], folder) }
      #expect(refusal?.kind == .badData && refusal?.message.contains("bad.mp4") == true)
      try writeVideo(folder + "/good.mkv", seconds: 1)
      let reader = try VideoFrames(selection: .rate(2), skipsBadFiles: true)
      #expect(try extract(reader, [folder], folder).map(\.scene) == ["good"])
      #expect(failure { _ = try extract(reader, [folder + "/bad.mp4"], folder) }?.message.contains("None of") == true)
      let same = failure { _ = try extract(reader, [folder + "/good.mkv", folder + "/good.mkv"], folder) }
      #expect(same?.kind == .usage)
      #expect(failure { _ = try extract(reader, [folder + "/none.mp4"], folder) }?.kind == .noInput)
      try FileManager.default.createDirectory(atPath: folder + "/empty", withIntermediateDirectories: true)
      #expect(failure { _ = try extract(reader, [folder + "/empty"], folder) }?.message.contains("no videos") == true)
    }
  }

  @Test(
    "a video that is cut off is warned of with the number of frames, and a bad file where the reader is strict",
    .enabled(if: ffmpeg != nil, "ffmpeg is not installed: launch/setup --tests installs it.")
  )
  func cutOff() throws {
    try withTemporaryFolder { folder in
      try writeVideo(folder + "/whole.mkv", seconds: 3)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/whole.mkv"))
      try bytes.prefix(bytes.count * 2 / 3).write(to: URL(fileURLWithPath: folder + "/cut.mkv"))
      func lines(_ video: String, isStrict: Bool = false) throws -> [String] {
        var lines: [String] = []
        let reader = try VideoFrames(selection: .every(1), isStrict: isStrict)
        _ = try reader.extract([folder + "/" + video], to: folder + "/frames \(UUID().uuidString)") { lines.append($0) }
        return lines.filter { $0.hasPrefix("warning") }
      }
      #expect(try lines("whole.mkv", isStrict: true).isEmpty)
      let warning = try lines("cut.mkv").first ?? ""
      #expect(warning.contains("cut.mkv is damaged or cut off") && warning.contains("of about 30"), "\(warning)")
      #expect(warning.contains("ffmpeg says: ") && !warning.contains("0x"), "\(warning)")
      let refusal = failure { _ = try lines("cut.mkv", isStrict: true) }
      #expect(refusal?.kind == .badData && refusal?.message.contains("of about 30") == true)
    }
  }

  @Test(
    "left and right videos make stereo pairs of their frames in turn; one that is longer is remarked on",
    .enabled(if: ffmpeg != nil, "ffmpeg is not installed: launch/setup --tests installs it.")
  )
  func stereo() throws {
    try withTemporaryFolder { folder in
      for eye in ["l", "r"] {
        try FileManager.default.createDirectory(atPath: folder + "/" + eye, withIntermediateDirectories: true)
        try writeVideo(folder + "/\(eye)/a.mkv", seconds: 1)
        try writeVideo(folder + "/\(eye)/b.mkv", seconds: eye == "l" ? 1 : 2)
      }
      #expect(StereoVideo.isPresent(at: folder + "/l") && StereoVideo.isPresent(at: folder + "/l/a.mkv"))
      let reader = try VideoFrames(selection: .every(2))
      let eyes = try ["l", "r"].map {
        try reader.extract([folder + "/" + $0], to: folder + "/frames", below: $0)
      }
      var lines: [String] = []
      let pairs = try StereoVideo.pairs(left: eyes[0], right: eyes[1]) { lines.append($0) }
      #expect(pairs.count == 10 && Set(pairs.map(\.scene)) == ["a", "b"])
      #expect(pairs[1].view1.source == "l/a/000002.png" && pairs[1].view2.source == "r/a/000002.png")
      #expect(lines.count == 1 && lines[0].hasPrefix("b: 5 frames of the left eye, 10 of the right one"), "\(lines)")
      try expectConverts(pairs, in: folder)
      let lonely = failure { _ = try StereoVideo.pairs(left: eyes[0], right: [eyes[1][0]]) }
      #expect(lonely?.kind == .badData && lonely?.message.contains("such as b") == true)
      #expect(try StereoVideo.pairs(left: eyes[0], right: [eyes[1][0]], skipsIncomplete: true).count == 5)
    }
  }

  @Test(
    "films are cut into their two views, left before right",
    .enabled(if: ffmpeg != nil, "ffmpeg is not installed: launch/setup --tests installs it."),
    arguments: FilmLayout.allCases)
  func films(layout: FilmLayout) throws {
    try withTemporaryFolder { folder in
      try writeVideo(folder + "/film.mkv", seconds: 1)
      func extract(_ layout: FilmLayout) throws -> FrameSequences.Sequence {
        try VideoFrames(selection: .every(5), layout: layout).extract(
          [folder + "/film.mkv"], to: folder + "/\(layout.rawValue) \(UUID().uuidString)")[0]
      }
      let whole = try EncodedImage(file: extract(.single).frames[1].path).decoded()
      let frames = try extract(layout).frames
      guard layout != .single else {
        #expect(frames.count == 2)
        return
      }
      #expect(frames.map(\.source).suffix(2) == ["film/000002_left.png", "film/000002_right.png"])
      let isWide = layout == .sideBySide
      for (index, view) in frames.suffix(2).enumerated() {
        let window = PixelWindow(
          x: isWide ? 32 * index : 0, y: isWide ? 0 : 24 * index, width: isWide ? 32 : 64, height: isWide ? 48 : 24)
        #expect(try EncodedImage(file: view.path).decoded().pixels == whole.cropped(to: window).pixels)
      }
      #expect(StereoVideo.pairs(ofFilms: [.init(scene: "film", frames: frames)]).count == 2)
    }
  }

  @Test(
    "links to folders and files are followed, circles are not, and videos of one name keep their suffixes",
    .enabled(if: ffmpeg != nil, "ffmpeg is not installed: launch/setup --tests installs it.")
  )
  func links() throws {
    try withTemporaryFolder { folder in
      for path in ["elsewhere", "in"] {
        try FileManager.default.createDirectory(atPath: folder + "/" + path, withIntermediateDirectories: true)
      }
      try writeVideo(folder + "/elsewhere/a.mkv", seconds: 1)
      try link(folder + "/in/folder", to: folder + "/elsewhere")
      try link(folder + "/in/b.mkv", to: folder + "/elsewhere/a.mkv")
      try link(folder + "/in/b.avi", to: folder + "/elsewhere/a.mkv")
      try link(folder + "/in/circle", to: folder + "/in")
      var lines: [String] = []
      let found = try VideoFrames(selection: .rate(2)).extract([folder + "/in"], to: folder + "/frames") {
        lines.append($0)
      }
      #expect(found.map(\.scene) == ["b.avi", "b.mkv", "folder/a"])
      #expect(lines.contains { $0.contains("/circle is not followed") }, "\(lines)")
    }
  }

  @Test("without ffmpeg the failure says how to install it")
  func missing() throws {
    try withTemporaryFolder { folder in
      let refusal = failure { _ = try VideoFrames(selection: .rate(2), path: folder + ":/nonexistent") }
      #expect(refusal?.kind == .noInput)
      #expect(refusal?.hint?.description.contains("apt-get install ffmpeg") == true)
    }
  }
}
