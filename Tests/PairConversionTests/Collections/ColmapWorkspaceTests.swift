import DataFixtures
import Foundation
import PairConversion
import Testing

/// Which models of a tree are read, and which images they name.
@Suite struct ColmapWorkspaceTests {
  private let fixture = ColmapFixture.path

  private func write(_ tree: CollectionTree, _ model: String, _ fixture: ColmapFixture? = nil) throws {
    let fixture = fixture ?? self.fixture
    try tree.write(model + "/images.bin", fixture.imagesBinary)
    try tree.write(model + "/points3D.bin", fixture.pointsBinary)
  }

  private func images(_ folder: String, _ fixture: ColmapFixture? = nil) -> [String] {
    (fixture ?? self.fixture).images.map { folder + "/" + $0.name }
  }

  @Test(
    "one of several models of the same images is read, by preference; the scene is the workspace",
    arguments: [
      ("sparse/0", "images", "dense/0/sparse", "dense/0/images"),
      ("sparse/0", "images", "dense/sparse", "dense/images"),
      ("colmap/sparse/0", "images", "dense0/sparse", "dense0/images"),
      ("sparse", "images", "sparse_undistorted", "images"),
    ])
  func workspace(sparse: String, sparseImages: String, dense: String, denseImages: String) throws {
    try withTemporaryFolder { folder in
      for room in ["roomA", "roomB"] {
        let tree = try CollectionTree("\(folder)/\(room)", images(sparseImages))
        _ = try CollectionTree("\(folder)/\(room)", images(denseImages))
        try write(tree, sparse)
        try write(tree, dense)
      }
      for (preference, model) in [(ColmapPreference.sparse, sparse), (.dense, dense)] {
        var notes: [String] = []
        let pairs = try ColmapPairs().pairs(in: folder, preference: preference) { notes.append($0) }
        #expect(pairs.map(\.scene) == ["roomA", "roomA", "roomA", "roomB", "roomB", "roomB"])
        #expect(notes.contains { $0.contains("roomA/\(model): 4 images, 220 points, 3 pairs") })
        #expect(notes.filter { $0.contains("is not read: 4 of its 4 images are those of") }.count == 2)
      }
    }
  }

  @Test("ETH3D's original and undistorted photographs are one; links to models count once")
  func undistorted() throws {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder + "/courtyard", [])
      for (kind, model) in [("dslr_images", "jpg"), ("dslr_images_undistorted", "undistorted")] {
        let model = "dslr_calibration_" + model
        let images = fixture.images.map { (id: $0.id, name: kind + "/" + $0.name) }
        _ = try CollectionTree(folder + "/courtyard", images.map { "images/" + $0.name })
        try write(tree, model, ColmapFixture(images: images, tracks: fixture.tracks))
      }
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/courtyard/latest", withDestinationPath: "dslr_calibration_jpg")
      try FileManager.default.createSymbolicLink(atPath: folder + "/courtyard/circle", withDestinationPath: ".")
      var notes: [String] = []
      let pairs = try ColmapPairs().pairs(in: folder, preference: .dense) { notes.append($0) }
      #expect(pairs.count == 3 && pairs.allSatisfy { $0.scene == "courtyard" })
      #expect(pairs[0].view1.source == "dslr_images_undistorted/a 1.jpg")
      #expect(notes.contains { $0.contains("4 images are not used: in no model that is read") })
    }
  }

  @Test("sibling models are one scene, of which an image and a pair count once")
  func siblings() throws {
    try withTemporaryFolder { folder in
      // Images 13 to 16 are the second part of the path; image 13 is in both models.
      let other = ColmapFixture(
        images: [(13, "b/20.jpg"), (14, "c/1.jpg"), (15, "c/2.jpg"), (16, "c/3.jpg")],
        tracks: fixture.tracks.map { track in track.map { $0 + 3 } })
      let tree = try CollectionTree(folder + "/room", images("images") + images("images", other))
      try write(tree, "sparse/0")
      try write(tree, "sparse/1", other)
      let pairs = try ColmapPairs().pairs(in: folder)
      #expect(pairs.count == 6 && Set(pairs.map(\.scene)) == ["room"])
      #expect(Set(pairs.flatMap { [$0.view1, $0.view2] }).count == 7)
      // Models of other names that share an image file are of one place, too.
      try FileManager.default.moveItem(atPath: folder + "/room/sparse/1", toPath: folder + "/room/other")
      #expect(Set(try ColmapPairs().pairs(in: folder).map(\.scene)).count == 1)
    }
  }

  @Test("missing images are bad files; the folder with most images is theirs; what is in no pair is counted")
  func missingImages() throws {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder + "/room", images("images") + ["sparse/images/a 1.jpg", "images/more.jpg"])
      try tree.remove("images/a 1.jpg")
      try write(tree, "sparse/0")
      var notes: [String] = []
      let pairs = try ColmapPairs().pairs(in: folder) { notes.append($0) }
      #expect(pairs.count == 3 && pairs[0].view1.path == folder + "/room/images/a 1.jpg")
      #expect(notes.contains { $0.contains("1 of 4 images are not in") })
      #expect(
        notes.contains { $0.contains("1 image is not used: in no model that is read") && $0.contains("more.jpg") })
      #expect(failure { try expectConverts(pairs, in: folder) }?.message.contains("a 1.jpg") == true)
      notes = []
      _ = try ColmapPairs(overlap: 0.5...0.65, minimumPoints: 60, pairsPerImage: 1)
        .pairs(in: folder) { notes.append($0) }
      #expect(!notes.contains { $0.contains("in no pair") })
      let few = ColmapFixture(images: fixture.images + [(99, "b/alone.jpg")], tracks: fixture.tracks)
      try write(tree, "sparse/0", few)
      _ = try ColmapPairs().pairs(in: folder) { notes.append($0) }
      #expect(notes.contains { $0.contains("1 image is not used: in no pair") && $0.contains("b/alone.jpg") })
    }
  }

  @Test("folders of images have other names: ScanNet++ and 3DGS; a model without images is left out if asked for")
  func imageFolders() throws {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder, images("s1/dslr/resized_images") + images("s2/input"))
      try write(tree, "s1/dslr/colmap")
      try write(tree, "s2/distorted/sparse/0")
      let names = ColmapImages.near(["dslr/resized_images", "input"])
      let pairs = try ColmapPairs().pairs(in: folder, images: names)
      #expect(pairs.map(\.scene) == ["s1", "s1", "s1", "s2", "s2", "s2"])
      try expectConverts(pairs, in: folder)
      let first = ColmapImages.near(["dslr/resized_images"])
      let refusal = failure { _ = try ColmapPairs().pairs(in: folder, images: first) }
      #expect(refusal?.kind == .noInput && refusal?.message.contains("s2/distorted/sparse/0") == true)
      #expect(try ColmapPairs().pairs(in: folder, images: first, leavesOutImageless: true).count == 3)
    }
  }

  @Test("blanks after names and lines of blanks are not part of names; two images of one name are refused")
  func blanks() throws {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder, images("images"))
      try tree.write("images.txt", "\u{FEFF}# list\n \n" + fixture.imagesText.replacing(".jpg\n", with: ".jpg \t \r\n"))
      try tree.write("points3D.txt", fixture.pointsText.replacing("\n", with: " \n") + "  \n")
      try expectConverts(try ColmapPairs().pairs(in: folder), in: folder)
      try tree.write("images.txt", fixture.imagesText.replacing("a 1.jpg", with: "b/2.jpg"))
      let refusal = failure { _ = try ColmapPairs().pairs(in: folder) }
      #expect(refusal?.message.contains("two images with the name b/2.jpg") == true)
    }
  }

  @Test(
    "names are bytes: those that are no UTF-8 are read, and spelled where people read them", arguments: [true, false])
  func bytes(isBinary: Bool) throws {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder, images("images"))
      func latin(_ data: Data) -> Data {
        var data = data
        while let place = data.firstRange(of: Data("a 1".utf8)) {
          data.replaceSubrange(place, with: [0x61, 0xE9, 0x31])
        }
        return data
      }
      let (images, points) =
        isBinary
        ? (fixture.imagesBinary, fixture.pointsBinary) : (Data(fixture.imagesText.utf8), Data(fixture.pointsText.utf8))
      try tree.write(isBinary ? "images.bin" : "images.txt", latin(images))
      try tree.write(isBinary ? "points3D.bin" : "points3D.txt", points)
      let folderBytes = Array((folder + "/images/").utf8)
      let renamed = folderBytes + [0x61, 0xE9, 0x31] + Array(".jpg".utf8) + [0]
      #expect(rename(folder + "/images/a 1.jpg", renamed.map { CChar(bitPattern: $0) }) == 0)
      let pairs = try ColmapPairs().pairs(in: folder)
      #expect(pairs[0].view1.source == "a\\xE91.jpg")
      try expectConverts(pairs, in: folder)
    }
  }
}
