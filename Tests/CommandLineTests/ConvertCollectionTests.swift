import Foundation
import PairData
import Storage
import TestSupport
import Testing

/// `croco convert` on collections: options, defaults, exit codes.
@Suite struct ConvertCollectionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes a small picture below the folder.
  private func picture(_ name: String, width: Int = 48, height: Int = 40) throws {
    let url = URL(fileURLWithPath: folder.path + "/" + name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let pixels = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 / 9) }
    try Data(PNGCodec.encode(RGBImage(width: width, height: height, pixels: pixels))).write(to: url)
  }

  private func convert(_ arguments: [String], environment: [String: String?] = [:]) throws -> ProcessResult {
    try runProcess(
      try builtExecutable("croco"), ["convert"] + arguments + ["--validation", "0"], environment: environment,
      timeLimit: 60)
  }

  @Test("a collection becomes a data set; another tree ends with 65 and shows the expected one")
  func collection() throws {
    for camera in ["image_2", "image_3"] { try picture("kitti/training/\(camera)/000000_10.png") }
    let output = folder.path + "/pairs"
    let result = try convert(["kitti", folder.path + "/kitti", "--output", output, "--size", "24"])
    #expect(result.status == 0, "\(result.errorOutput)")
    let dataset = try PairDataset(path: output)
    #expect(dataset.count == 1)
    #expect(try dataset.sources(ofPair: 0).view2 == "training/image_3/000000_10.png")
    #expect(try dataset.sizes(ofPair: 0).view1 == (24, 24))
    let refusal = try convert(["spring", folder.path + "/kitti", "--output", output + " 2"])
    #expect(refusal.status == 65)
    #expect(refusal.errorOutput.contains("spring/{train,test}/0001/frame_{left,right}"))
    #expect(try convert(["kitti", folder.path + "/none", "--output", output + " 2"]).status == 66)
    try FileManager.default.removeItem(atPath: folder.path + "/kitti/training/image_3")
    #expect(try convert(["kitti", folder.path + "/kitti", "--output", output + " 2"]).status == 65)
    #expect(!FileManager.default.fileExists(atPath: output + " 2"))
  }

  @Test("crops of original images are 256x256, whatever their box is; without --images, or with keep, it is 64")
  func crops() throws {
    try picture("originals/a b.png")
    try picture("originals/c.png")
    let list = folder.path + "/crops_release.txt"
    try Publication.publishText("a b.png, c.png, 90\n0, 30, 0, 40, 8, 48, 0, 30\n", at: list)
    let output = folder.path + "/crops"
    let arguments = ["crops", list, "--images", folder.path + "/originals", "--output", output]
    #expect(try convert(["crops", list, "--output", output]).status == 64)
    #expect(try convert(arguments + ["--codec", "keep"]).status == 64)
    let result = try convert(arguments)
    #expect(result.status == 0, "\(result.errorOutput)")
    let sizes = try PairDataset(path: output).sizes(ofPair: 0)
    #expect(sizes.view1 == (256, 256) && sizes.view2 == (256, 256))
    // Both boxes are smaller than four times that, so that the default is bicubic.
    let bicubic = try convert(arguments.dropLast() + [output + " 2", "--filter", "bicubic"])
    #expect(bicubic.status == 0, "\(bicubic.errorOutput)")
    let views = try [output, output + " 2"].map { try PairDataset(path: $0).images(ofPair: 0).view2 }
    #expect(views[0] == views[1])
  }

  @Test("without ffmpeg, video is 66, with a sentence on how to install it")
  func missingProgram() throws {
    let missing = try convert(
      ["video", folder.path + "/walk.mkv", "--output", folder.path + "/videos"], environment: ["PATH": "/nonexistent"])
    #expect(missing.status == 66)
    #expect(missing.errorOutput.contains("apt-get install ffmpeg"))
  }

  @Test(
    "videos leave no frames behind",
    .enabled(if: installedProgram("ffmpeg") != nil, "ffmpeg is not installed: launch/setup --tests installs it."))
  func video() throws {
    let video = folder.path + "/walk.mkv"
    let output = folder.path + "/videos"
    let ffmpeg = try #require(installedProgram("ffmpeg"))
    let made = try runProcess(
      ffmpeg, ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=2", "-c:v", "ffv1", video])
    #expect(made.status == 0, "\(made.errorOutput)")
    let result = try convert(["video", video, "--fps", "5", "--max-gap", "2", "--size", "32", "--output", output])
    #expect(result.status == 0, "\(result.errorOutput)")
    #expect(try PairDataset(path: output).count == 9)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!names.contains { $0.contains("frames") }, "\(names)")
    #expect(try convert(["video", video, "--output", output]).status == 64)
    let ranks = try convert(["video", video, "--output", output + " 3"], environment: ["SLURM_NTASKS": "2"])
    #expect(ranks.status == 64 && ranks.errorOutput.contains("not by 2"), "\(ranks.errorOutput)")
    let kept = try convert([
      "video", video, "--every", "4", "--frames", folder.path + "/kept", "--output", output + " 2",
    ])
    #expect(kept.status == 0, "\(kept.errorOutput)")
    #expect(FileManager.default.fileExists(atPath: folder.path + "/kept/walk/000005.png"))
  }
}
