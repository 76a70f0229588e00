import Foundation
import PairConversion
import PairData
import PairMining
import Runtime
import Storage
import SyntheticScenes
import TestSupport
import Testing

/// Whole searches through folders of rendered views.
struct PairMinerTests {
  private static func mine(
    _ folders: [String], _ change: (inout MiningOptions) -> Void = { _ in }, log: (String) -> Void = { _ in }
  ) throws -> MiningResult {
    var options = MiningOptions()
    options.overlap = 0.3...1
    options.smallestCrop = 64
    change(&options)
    let scratch = try TemporaryFolder()
    return try PairMiner(options: options).mine(SourceImage.list(folders), scratch: scratch.path, log: log)
  }

  private static func name(_ result: MiningResult, _ image: Int) -> String {
    (result.images[image].path as NSString).lastPathComponent
  }

  /// Views of rendered scenes, "0 a.png" and "0 b.png" of scene 0 and so on.
  private static func writeViews(_ pairs: [SceneSynthesizer.Pair], _ folder: String) throws {
    for (number, pair) in pairs.enumerated() {
      try MiningFixtures.write(pair.view1, folder + "/\(number) a.png")
      try MiningFixtures.write(pair.view2, folder + "/\(number) b.png")
    }
  }

  @Test("Of mixed scenes exactly the true pairs are found; matches follow the true flow, overlaps the true ones")
  func mixedScenes() throws {
    let folder = try TemporaryFolder()
    let pairs = try MiningFixtures.pairs(0..<6, baseline: .large)
    try Self.writeViews(pairs, folder.path)
    let result = try Self.mine([folder.path])
    let found = result.acceptedPairs
    #expect(
      found.map { [Self.name(result, $0.first), Self.name(result, $0.second)] }
        == (0..<6).map { ["\($0) a.png", "\($0) b.png"] })
    #expect(result.summary.compared == 66 && result.summary.unrelated == 60 && result.summary.scenes == 6)
    var (errors, allKnown, allRight) = (0.0, 0, 0)
    for (pair, truth) in zip(found, pairs) {
      var (known, right) = (0, 0)
      for point in pair.points {
        let pixel = 2 * (Int(point.y) * 256 + Int(point.x))
        let flow = SIMD2(truth.flow.values[pixel], truth.flow.values[pixel + 1])
        guard flow.x.isFinite else { continue }
        known += 1
        let error = SIMD2(point.x, point.y) + flow - SIMD2(point.z, point.w)
        if (error * error).sum() < 9 { right += 1 }
      }
      // One geometry admits wrong matches along its epipolar lines: few, but they weigh in pairs with few matches.
      #expect(known >= 20 && Double(right) > 0.8 * Double(known), "\(right) of \(known) matches follow the flow")
      (allKnown, allRight) = (allKnown + known, allRight + right)
      #expect(abs(pair.overlap.forward - Double(truth.overlap)) < 0.3)
      errors += abs(pair.overlap.forward - Double(truth.overlap)) / 6
      #expect(pair.parallax > 0.1)
    }
    #expect(Double(allRight) > 0.95 * Double(allKnown), "\(allRight) of \(allKnown) matches follow the flow")
    #expect(errors < 0.12, "mean error of the overlap \(errors)")
  }

  @Test("Copies, near-identical pictures, and pictures that one homography relates are told from pairs")
  func degeneratePairs() throws {
    let folder = try TemporaryFolder()
    let pair = try MiningFixtures.pairs(0..<1)[0]
    try MiningFixtures.write(pair.view1, folder.path + "/a.png")
    try FileManager.default.copyItem(atPath: folder.path + "/a.png", toPath: folder.path + "/copy.png")
    try MiningFixtures.write(pair.view1, folder.path + "/again.jpg")
    let turned = MiningFixtures.warped(pair.view1) { x, y in
      (128 + 0.75 * (0.96 * (x - 128) + 0.28 * (y - 128)), 128 + 0.75 * (0.96 * (y - 128) - 0.28 * (x - 128)))
    }
    try MiningFixtures.write(turned, folder.path + "/turned.png")
    let result = try Self.mine([folder.path])
    #expect(result.copies.map { [Self.name(result, $0.image), Self.name(result, $0.of)] } == [["copy.png", "a.png"]])
    #expect(
      result.pairs(.duplicate).map { [Self.name(result, $0.first), Self.name(result, $0.second)] } == [
        ["a.png", "again.jpg"]
      ])
    #expect(result.summary.count(.homography) == 2 && result.summary.count(.accepted) == 0)
    let allowed = try Self.mine([folder.path]) { $0.allowsHomographies = true }
    #expect(allowed.summary.count(.accepted) == 2 && allowed.summary.count(.duplicate) == 1)
    // All of it is one place.
    #expect(Set([0, 1, 3].map { result.scenes[$0] }).count == 1)
  }

  @Test("The result does not depend on the number of threads, and candidates and windows compare less")
  func threadsAndComparisons() throws {
    let folder = try TemporaryFolder()
    try Self.writeViews(try MiningFixtures.pairs(0..<3, size: 192), folder.path)
    let single = try Self.mine([folder.path])
    let several = try Self.mine([folder.path]) { $0.threadCount = 3 }
    #expect(single.summary == several.summary)
    for (a, b) in zip(single.pairs, several.pairs) {
      #expect(a.points == b.points && a.overlap == b.overlap && a.parallax == b.parallax && a.crops == b.crops)
    }
    let candidates = try Self.mine([folder.path]) { $0.comparison = .candidates(1) }
    #expect(candidates.summary.count(.accepted) == 3 && candidates.summary.compared < 15)
    let window = try Self.mine([folder.path]) { $0.comparison = .window(1) }
    #expect(window.summary.count(.accepted) == 3 && window.summary.compared == 5)
    let capped = try Self.mine([folder.path + "/", folder.path]) { $0.overlap = 0.99...1 }
    #expect(capped.images.count == 6 && capped.summary.count(.smallOverlap) == 3)
  }

  @Test("The list is read back, with blanks, commas and quotes in names; crops lie inside and show the same")
  func output() throws {
    let folder = try TemporaryFolder()
    let photos = folder.path + "/my, \"photos\" #1"
    try FileManager.default.createDirectory(atPath: photos, withIntermediateDirectories: true)
    let pairs = try MiningFixtures.pairs(0..<2)
    try Self.writeViews(pairs, photos)
    let result = try Self.mine([photos])
    let output = folder.path + "/out"
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    let written = try MiningOutput.write(result, MiningOptions(), to: output, published: output)
    let list = try PairList.read(output + "/" + MiningOutput.listName)
    #expect(list.count == 2)
    for (candidate, pair) in zip(list, result.acceptedPairs) {
      let view = FileSystem.resolved(candidate.view1.path)
      #expect(view == result.images[pair.first].path && candidate.view1.source.hasPrefix("../my, "))
      #expect(abs(Double(candidate.overlap) - pair.overlap.forward) < 0.001)
    }
    #expect(list.map(\.scene) == ["0 a", "1 a"])
    #expect(written.pages == ["matches.png"])
    #expect(try EncodedImage(file: output + "/matches.png").decoded().width > 600)
    let crops = try String(contentsOfFile: output + "/" + MiningOutput.cropsName, encoding: .utf8)
    let lines = crops.split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(written.hasCrops && lines.count == 2 + result.summary.crops && lines[0] == "0 a.png, 0 b.png, 0")
    #expect(crops.contains("\n# scene 0 a\n0 a.png, ") && crops.contains("\n# scene 1 a\n1 a.png, "))
    try Self.expectCropsShowTheSame(result, pairs)
  }

  @Test("A scene is called by its first image, with as many folders as tell it from the others")
  func sceneNames() {
    let paths = ["/x/a/1.jpg", "/x/b/1.jpg", "/x/b/2.jpg", "/y/b/3.jpg", "/y/b/3.png", "/y/2.tar.jpg"]
    let names = SceneNames(paths)
    #expect(paths.map(names.name) == ["a/1", "b/1", "2", "/y/b/3.jpg", "/y/b/3.png", "2.tar"])
    #expect(SceneNames([]).name(of: "/z.jpg") == "/z.jpg")
  }

  /// What lies inside both crops by the true flow must be most of the first.
  private static func expectCropsShowTheSame(_ result: MiningResult, _ pairs: [SceneSynthesizer.Pair]) throws {
    for (pair, truth) in zip(result.acceptedPairs, pairs) {
      #expect(!pair.crops.isEmpty)
      for crop in pair.crops {
        let (a, b) = (crop.first, crop.second)
        #expect(min(a.x, a.y, b.x, b.y) >= 0 && max(a.x, a.y) + a.width <= 256 && max(b.x, b.y) + b.width <= 256)
        var (known, inside) = (0, 0)
        for y in a.y..<(a.y + a.height) {
          for x in a.x..<(a.x + a.width) where truth.flow.values[2 * (y * 256 + x)].isFinite {
            known += 1
            let u = Float(x) + truth.flow.values[2 * (y * 256 + x)]
            let v = Float(y) + truth.flow.values[2 * (y * 256 + x) + 1]
            if u >= Float(b.x), v >= Float(b.y), u < Float(b.x + b.width), v < Float(b.y + b.height) { inside += 1 }
          }
        }
        #expect(2 * known > a.width * a.height && Double(inside) > 0.6 * Double(known), "\(inside) of \(known)")
      }
    }
  }

  @Test("Broken images are named and left out; too few images are a failure that says so")
  func badInput() throws {
    let folder = try TemporaryFolder()
    #expect(throws: Failure.self) { try SourceImage.list([folder.path]) }
    #expect(throws: Failure.self) { try SourceImage.list([folder.path + "/none"]) }
    let pair = try MiningFixtures.pairs(0..<1, size: 192)[0]
    try MiningFixtures.write(pair.view1, folder.path + "/a.png")
    try Publication.publishText("no picture", at: folder.path + "/broken.jpg")
    let failure = #expect(throws: Failure.self) { try Self.mine([folder.path]) }
    #expect(failure?.kind == .badData && failure?.message.contains("2 images") == true)
    try MiningFixtures.write(pair.view2, folder.path + "/z.png")
    var lines: [String] = []
    let result = try Self.mine([folder.path]) { _ in
    } log: {
      lines.append($0)
    }
    #expect(result.summary.count(.accepted) == 1 && result.summary.badImages == 1)
    #expect(lines.count == 1 && lines[0].contains("broken.jpg"))
  }
}
