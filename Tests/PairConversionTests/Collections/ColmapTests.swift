import DataFixtures
import Foundation
import PairConversion
import Testing

/// Pairs of COLMAP models.
@Suite struct ColmapTests {
  private let fixture = ColmapFixture.path

  private func writeBinary(_ tree: CollectionTree, _ model: String) throws {
    try tree.write(model + "/images.bin", fixture.imagesBinary)
    try tree.write(model + "/points3D.bin", fixture.pointsBinary)
  }

  private func summaries(_ pairs: [PairCandidate]) -> [String] {
    pairs.map { "\(summary($0)) | \(Int(($0.overlap * 100).rounded()))" }
  }

  @Test("binary and text models give the same pairs: shared points by points of view 1, within the limits")
  func overlaps() throws {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder + "/courtyard", fixture.images.map { "images/" + $0.name })
      try writeBinary(tree, "sparse/0")
      let expected = ["a 1.jpg | b/2.jpg", "b/2.jpg | b/3.jpg", "b/3.jpg | b/20.jpg"].map { $0 + " | courtyard | 60" }
      var notes: [String] = []
      let pairs = try ColmapPairs().pairs(in: folder + "/courtyard") { notes.append($0) }
      #expect(summaries(pairs) == expected)
      #expect(notes.count == 1 && notes[0].contains("4 images, 220 points, 3 pairs"))
      try expectConverts(pairs, in: folder)
      #expect(try summaries(ColmapPairs().pairs(in: folder + "/courtyard/sparse/0")) == expected)
      let wide = try ColmapPairs(overlap: 0.1...0.9, minimumPoints: 20).pairs(in: folder + "/courtyard")
      #expect(summaries(wide).filter { $0.hasSuffix("| 20") }.count == 2 && wide.count == 5)
      #expect(try ColmapPairs(overlap: 0.1...0.9, minimumPoints: 21).pairs(in: folder + "/courtyard").count == 3)
      try tree.remove("sparse/0/images.bin")
      try tree.remove("sparse/0/points3D.bin")
      try tree.write("sparse/0/images.txt", fixture.imagesText)
      try tree.write("sparse/0/points3D.txt", fixture.pointsText)
      #expect(try summaries(ColmapPairs().pairs(in: folder)) == expected)
    }
  }

  @Test("the order of a pair is turned where only the other has an overlap within the limits")
  func order() throws {
    try withTemporaryFolder { folder in
      // Image 1 sees 100 points, of which image 2 sees 90, and 90 others: 0.9 of image 1, 0.5 of image 2.
      let tracks =
        [[UInt32]](repeating: [1, 2], count: 90) + [[UInt32]](repeating: [1], count: 10)
        + [[UInt32]](repeating: [2], count: 90)
      let model = ColmapFixture(images: [(1, "a.jpg"), (2, "b.jpg")], tracks: tracks)
      let tree = try CollectionTree(folder, ["images/a.jpg", "images/b.jpg"])
      try tree.write("images.txt", model.imagesText)
      try tree.write("points3D.txt", model.pointsText)
      let pairs = try ColmapPairs().pairs(in: folder)
      #expect(pairs.map(\.view1.source) == ["b.jpg"] && pairs.map(\.overlap) == [0.5])
      #expect(failure { _ = try ColmapPairs(overlap: 0.6...0.8).pairs(in: folder) }?.kind == .badData)
    }
  }

  @Test("of many pairs of an image those with evenly spread overlaps are kept")
  func cap() throws {
    try withTemporaryFolder { folder in
      // Image 0 sees 200 points, image i of 1...9 the first 60 + 10 i of them.
      let tracks = (0..<200).map { point -> [UInt32] in
        let others = (1...9).filter { image in point < 60 + 10 * image }
        return [0] + others.map { UInt32($0) }
      }
      let model = ColmapFixture(images: (0...9).map { (id: UInt32($0), name: "\($0).jpg") }, tracks: tracks)
      let tree = try CollectionTree(folder, model.images.map { "images/" + $0.name })
      try tree.write("images.bin", model.imagesBinary)
      try tree.write("points3D.bin", model.pointsBinary)
      let pairs = try ColmapPairs(pairsPerImage: 3).pairs(in: folder).filter { $0.view1.source == "0.jpg" }
      #expect(pairs.map(\.view2.source) == ["2.jpg", "5.jpg", "8.jpg"])
    }
  }

  @Test("ETH3D's multi-view tree: a scene each, image names with folders; --images names another folder")
  func scenes() throws {
    try withTemporaryFolder { folder in
      for scene in ["courtyard", "pipes"] {
        let tree = try CollectionTree("\(folder)/\(scene)", fixture.images.map { "images/" + $0.name })
        try tree.write("dslr_calibration_undistorted/images.txt", fixture.imagesText)
        try tree.write("dslr_calibration_undistorted/points3D.txt", fixture.pointsText)
      }
      let pairs = try ColmapPairs().pairs(in: folder)
      #expect(pairs.map(\.scene) == Array(repeating: "courtyard", count: 3) + Array(repeating: "pipes", count: 3))
      #expect(pairs[5].view2.source == "pipes/b/20.jpg")
      try expectConverts(pairs, in: folder)
      try FileManager.default.moveItem(atPath: folder + "/pipes/images", toPath: folder + "/pictures")
      let refusal = failure { _ = try ColmapPairs().pairs(in: folder + "/pipes") }
      #expect(refusal?.kind == .noInput && refusal?.message.contains("any of its 4 images") == true)
      let moved = try ColmapPairs().pairs(in: folder + "/pipes", images: .folder(folder + "/pictures"))
      try expectConverts(moved, in: folder)
    }
  }

  @Test("every truncation of a binary model, and wrong counts, are refused with the file's name")
  func binaryDamage() throws {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder, fixture.images.map { "images/" + $0.name })
      try writeBinary(tree, "sparse")
      for (name, whole) in [("images.bin", fixture.imagesBinary), ("points3D.bin", fixture.pointsBinary)] {
        var damaged = stride(from: 0, to: whole.count, by: 97).map { whole.prefix($0) }
        damaged += [whole + [0], Data(repeating: 0xFF, count: 64), Data("no model at all, only text".utf8)]
        for data in damaged {
          try tree.write("sparse/" + name, Data(data))
          let refusal = failure { _ = try ColmapPairs().pairs(in: folder) }
          #expect(refusal?.kind == .badData, "\(name), \(data.count) bytes")
          #expect(refusal?.message.contains("sparse/" + name) == true)
        }
        try tree.write("sparse/" + name, whole)
      }
      let other = ColmapFixture(images: [(10, "a 1.jpg")], tracks: [])
      try tree.write("sparse/images.bin", other.imagesBinary)
      #expect(failure { _ = try ColmapPairs().pairs(in: folder) }?.message.contains("names image") == true)
    }
  }

  @Test("damaged text models are refused with the line; without a model the expected tree is shown")
  func textDamage() throws {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder, fixture.images.map { "images/" + $0.name })
      func refusal(_ images: String, _ points: String) throws -> String {
        try tree.write("images.txt", images)
        try tree.write("points3D.txt", points)
        return failure { _ = try ColmapPairs().pairs(in: folder) }?.message ?? ""
      }
      #expect(try refusal("# only\n1 1 0 0 0 0 0 0 1\n", "").contains("images.txt:2"))
      #expect(try refusal("# nothing\n", "").contains("holds no image"))
      let broken = "5 0 0 0 10 20 30 0.5 10\n"
      #expect(try refusal(fixture.imagesText, broken).contains("points3D.txt:1"))
      #expect(try refusal(fixture.imagesText, "5 0 0 0 1 2 3 0.5 99 1\n").contains("names image 99"))
      let none = failure { _ = try ColmapPairs().pairs(in: folder + "/images") }
      #expect(none?.kind == .noInput && none?.hint?.description.contains("points3D.bin") == true)
      #expect(failure { _ = try ColmapPairs().pairs(in: folder + "/none") }?.kind == .noInput)
    }
  }
}
