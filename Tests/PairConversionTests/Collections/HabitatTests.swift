import DataFixtures
import Foundation
import PairConversion
import Testing

/// `habitat_release`, with and without `pairs.txt`.
@Suite struct HabitatTests {
  private let files = ["scannet/scene 01/a b", "scannet/scene 01/c", "hm3d/train/00800/x"].flatMap {
    ["\($0)_1.jpeg", "\($0)_2.jpeg"]
  }

  @Test("files are found at any depth, paths may have blanks, folders are scenes")
  func walk() throws {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder, files)
      try tree.write("scannet/scene 01/metadata.json", "{}")
      let pairs = try HabitatRelease.pairs(in: folder)
      #expect(
        pairs.map(summary) == [
          "hm3d/train/00800/x_1.jpeg | hm3d/train/00800/x_2.jpeg | hm3d/train/00800",
          "scannet/scene 01/a b_1.jpeg | scannet/scene 01/a b_2.jpeg | scannet/scene 01",
          "scannet/scene 01/c_1.jpeg | scannet/scene 01/c_2.jpeg | scannet/scene 01",
        ])
      try expectConverts(pairs, in: folder)
      #expect(try HabitatRelease.pairs(in: folder, sceneDepth: 1).map(\.scene) == ["hm3d", "scannet", "scannet"])
    }
  }

  @Test("pairs.txt decides where there is one, relative to its folder or the one above")
  func list() throws {
    try withTemporaryFolder { folder in
      let root = folder + "/habitat_release"
      let tree = try CollectionTree(root, files)
      for prefix in ["", "habitat_release/"] {
        let stem = prefix + "scannet/scene 01/a b"
        try tree.write("pairs.txt", "# a comment\n\(stem)_1.jpeg \(stem)_2.jpeg\r\n\n")
        let pairs = try HabitatRelease.pairs(in: root)
        #expect(pairs.map(\.view2.source) == ["\(stem)_2.jpeg"])
        #expect(pairs.map(\.scene) == [prefix + "scannet/scene 01"])
        try expectConverts(pairs, in: folder)
      }
      #expect(try HabitatRelease.pairs(in: root, usesList: false).count == 3)
      try tree.write("pairs.txt", "scannet/scene 01/a b_1.jpeg\n")
      #expect(failure { _ = try HabitatRelease.pairs(in: root) }?.message.contains("pairs.txt:1") == true)
      try tree.write("pairs.txt", "gone_1.jpeg gone_2.jpeg\n")
      #expect(failure { _ = try HabitatRelease.pairs(in: root) }?.message.contains("gone_1.jpeg") == true)
    }
  }

  @Test("folders named val go to the validation split, whatever is drawn; a scene is never in both")
  func validation() throws {
    try withTemporaryFolder { folder in
      let all =
        files + ["hm3d/val/00800/x", "hm3d/minival/00800/y", "val/x"].flatMap { ["\($0)_1.jpeg", "\($0)_2.jpeg"] }
      _ = try CollectionTree(folder, all)
      var notes: [String] = []
      let pairs = try HabitatRelease.pairs(in: folder) { notes.append($0) }
      #expect(notes == ["\(folder): 3 pairs in folders named val go to the validation split"])
      let wanted = pairs.filter { $0.split == .validation }.map(\.scene)
      #expect(wanted == ["hm3d/minival/00800", "hm3d/val/00800", "val"])
      let output = folder + "/data"
      let summary = try convert(
        pairs, ConversionOptions(dataset: .init(codec: .keep, validationFraction: 0), threadCount: 2), to: output)
      #expect(summary.manifest.pairCount(of: .validation) == 3 && summary.manifest.pairCount(of: .train) == 3)
      // A scene that is wider than the folder is drawn as a whole.
      #expect(try HabitatRelease.pairs(in: folder, sceneDepth: 1).filter { $0.split != nil }.map(\.scene) == ["val"])
      #expect(try HabitatRelease.pairs(in: folder + "/hm3d/val").allSatisfy { $0.split == nil })
    }
  }

  @Test("a view without the other is named, or left out on request; other trees are refused")
  func damage() throws {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder, files)
      try tree.remove("scannet/scene 01/a b_2.jpeg")
      try tree.remove("scannet/scene 01/c_1.jpeg")
      let refusal = failure { _ = try HabitatRelease.pairs(in: folder) }
      #expect(refusal?.message.contains("2 images") == true && refusal?.message.contains("a b_1.jpeg") == true)
      #expect(
        refusal?.message.contains("c_2.jpeg") == true
          && refusal?.hint?.description.contains(HabitatRelease.tree.description) == true)
      #expect(try HabitatRelease.pairs(in: folder, skipsIncomplete: true).count == 1)
      _ = try CollectionTree(folder + "/other", ["a.jpg"])
      #expect(failure { _ = try HabitatRelease.pairs(in: folder + "/other") }?.kind == .badData)
      #expect(failure { _ = try HabitatRelease.pairs(in: folder + "/none") }?.kind == .noInput)
    }
  }
}
