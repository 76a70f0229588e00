import DataFixtures
import Foundation
import PairConversion
import Runtime
import Testing

/// Miniature trees of stereo collections.
@Suite struct StereoCollectionTests {
  /// What a collection in a tree of these files gives, after it was converted and read back.
  private func pairs(
    _ layout: any StereoLayout.Type, _ files: [String], root: String = "", kind: StereoCollection.Kind = .stereo,
    only: [String] = []
  ) throws -> [String] {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder, files)
      try tree.write("calib.txt", "no image")
      let collection = StereoCollection(layout, kind: kind, sequences: FrameSequences(gaps: 1...1), only: only)
      let pairs = try collection.pairs(in: root.isEmpty ? folder : folder + "/" + root)
      try expectConverts(pairs, in: folder)
      return pairs.map(summary)
    }
  }

  @Test("KITTI 2012 and 2015: both eyes, a drive is a scene, disparities are not views")
  func kitti() throws {
    let files = ["000000_10", "000000_11", "000001_10"].flatMap { name in
      [
        "data_stereo_flow/training/colored_0/\(name).png", "data_stereo_flow/training/colored_1/\(name).png",
        "data_stereo_flow/training/disp_occ/\(name).png", "data_scene_flow/testing/image_2/\(name).png",
        "data_scene_flow/testing/image_3/\(name).png",
      ]
    }
    let all = try pairs(KITTI.self, files)
    #expect(all.count == 6)
    #expect(
      all[0] == "data_scene_flow/testing/image_2/000000_10.png | data_scene_flow/testing/image_3/000000_10.png"
        + " | 2015/testing/000000")
    #expect(all[5].hasSuffix(" | 2012/training/000001"))
    #expect(
      try pairs(KITTI.self, files, root: "data_stereo_flow/training")[0]
        == "colored_0/000000_10.png | colored_1/000000_10.png | 2012/training/000000")
    #expect(try pairs(KITTI.self, files, only: ["testing"]) == Array(all.prefix(3)))
    #expect(
      try pairs(KITTI.self, files, kind: .temporal, only: ["training"]) == [
        "data_stereo_flow/training/colored_0/000000_10.png | data_stereo_flow/training/colored_0/000000_11.png"
          + " | 2012/training/000000"
      ])
  }

  @Test("KITTI odometry, raw, tracking: the drive is the scene in colour and grey, and has frames in time")
  func kittiSequences() throws {
    let names = ["000000", "000001"]
    func files(_ folders: [String]) -> [String] { folders.flatMap { folder in names.map { "\(folder)/\($0).png" } } }
    let odometry = files((0...3).map { "dataset/sequences/00/image_\($0)" } + ["dataset/sequences/01/image_0"])
    let stereo = try pairs(KITTI.self, odometry.filter { !$0.contains("/01/") })
    #expect(
      stereo[0] == "dataset/sequences/00/image_0/000000.png | dataset/sequences/00/image_1/000000.png | odometry/00")
    #expect(stereo.count == 4 && stereo.allSatisfy { $0.hasSuffix(" | odometry/00") })
    #expect(
      try pairs(KITTI.self, odometry, kind: .temporal)
        == [("00", 2), ("00", 0), ("01", 0)].map { sequence, camera in
          let folder = "dataset/sequences/\(sequence)/image_\(camera)"
          return "\(folder)/000000.png | \(folder)/000001.png | odometry/\(sequence)"
        })
    let drive = "2011_09_26/2011_09_26_drive_0001_sync"
    for inner in ["/data", ""] {
      let raw = files((0...3).map { "\(drive)/image_0\($0)\(inner)" })
      let all = try pairs(KITTI.self, raw, kind: .both)
      #expect(all.count == 6 && all.allSatisfy { $0.hasSuffix(" | raw/2011_09_26_drive_0001") })
      #expect(
        all[2].hasPrefix("\(drive)/image_02\(inner)/000000.png | \(drive)/image_03\(inner)/000000.png")
          && all[4].hasPrefix("\(drive)/image_02\(inner)/000000.png | \(drive)/image_02\(inner)/000001.png"))
    }
    // Each eye in the folder of its archive.
    let tracking = files(["left/training/image_02/0003", "right/training/image_03/0003"])
    #expect(
      try pairs(KITTI.self, tracking, kind: .both).map { $0.hasSuffix(" | tracking/training/0003") } == [
        true, true, true,
      ])
    let object = files(["left/training/image_2", "right/training/image_3"])
    #expect(try pairs(KITTI.self, object).allSatisfy { $0.hasSuffix(" | object/training") })
    #expect(failure { _ = try pairs(KITTI.self, object, kind: .temporal) }?.message.contains("no sequence") == true)
  }

  @Test("KITTI 2012 in grey belongs to the scenes of the coloured images")
  func kittiGrey() throws {
    let folders = ["colored_0", "colored_1", "image_0", "image_1"].map { "training/\($0)/000004_10.png" }
    #expect(
      try pairs(KITTI.self, folders) == [
        "\(folders[0]) | \(folders[1]) | 2012/training/000004", "\(folders[2]) | \(folders[3]) | 2012/training/000004",
      ])
  }

  @Test("TartanAir and Spring: each eye unpacked into a folder of its own")
  func ownFolders() throws {
    let tartan = [
      "a_Easy_image_left/factory/Easy/P000/image_left/000000_left.png",
      "a_Easy_image_right/factory/Easy/P000/image_right/000000_right.png",
      "ocean/Hard/image_left/P001/image_left/000003_left.png",
      "ocean/Hard/image_right/P001/image_right/000003_right.png",
    ]
    #expect(
      try pairs(TartanAir.self, tartan) == [
        "\(tartan[0]) | \(tartan[1]) | factory", "\(tartan[2]) | \(tartan[3]) | ocean",
      ])
    let spring = ["left", "right"].map { "train_frame_\($0)/spring/train/0001/frame_\($0)/frame_\($0)_0001.png" }
    #expect(try pairs(Spring.self, spring) == ["\(spring[0]) | \(spring[1]) | 0001"])
  }

  @Test("SceneFlow with the parts side by side, PNG and WebP: the scenes of the other layout")
  func sceneFlowFlat() throws {
    let sequences = [
      ("driving_frames_cleanpass/15mm_focallength/scene_backwards/fast", "Driving"),
      ("driving_frames_finalpass_webp/35mm_focallength/scene_forwards/slow", "Driving"),
      ("frames_cleanpass/TRAIN/A/0000", "FlyingThings3D/TRAIN/A/0000"),
      ("frames_finalpass_webp/TEST/C/0149", "FlyingThings3D/TEST/C/0149"),
      ("monkaa_frames_cleanpass/a_rain_of_stones_x2", "Monkaa/a_rain_of_stones_x2"),
      ("monkaa_frames_finalpass_webp/a_rain_of_stones_x2", "Monkaa/a_rain_of_stones_x2"),
    ]
    let files = sequences.flatMap { ["\($0.0)/left/0006.png", "\($0.0)/right/0006.png"] }
    #expect(
      try pairs(SceneFlow.self, files) == sequences.map { "\($0.0)/left/0006.png | \($0.0)/right/0006.png | \($0.1)" })
  }

  @Test("Middlebury: 2005 and 2006, 2014, 2021; exposures and numbered set-ups are one scene")
  func middlebury() throws {
    let files = [
      "2005/Art/Illum1/Exp0/view1.png", "2005/Art/Illum1/Exp0/view3.png", "2005/Art/Illum1/Exp0/view5.png",
      "2005/Art/view1.png", "2005/Art/view5.png", "2005/Art/disp1.png", "2006/ThirdSize/Baby2/view1.png",
      "2006/ThirdSize/Baby2/view5.png", "2014/Adirondack-imperfect/im0.png", "2014/Adirondack-imperfect/im1.png",
      "2014/Adirondack-imperfect/im1E.png", "2021/data/artroom1/im0.png", "2021/data/artroom1/im1.png",
      "2021/data/artroom1/ambient/L0/im0e0.png",
    ]
    #expect(
      try pairs(Middlebury.self, files) == [
        "2005/Art/view1.png | 2005/Art/view5.png | Art",
        "2005/Art/Illum1/Exp0/view1.png | 2005/Art/Illum1/Exp0/view5.png | Art",
        "2006/ThirdSize/Baby2/view1.png | 2006/ThirdSize/Baby2/view5.png | Baby",
        "2014/Adirondack-imperfect/im0.png | 2014/Adirondack-imperfect/im1.png | Adirondack",
        "2021/data/artroom1/im0.png | 2021/data/artroom1/im1.png | artroom",
      ])
  }

  @Test("SceneFlow: three parts, both passes, passes share scenes, Driving is one")
  func sceneFlow() throws {
    let sequences = [
      "FlyingThings3D/frames_cleanpass/TRAIN/A/0000", "FlyingThings3D/frames_finalpass/TRAIN/A/0000",
      "Driving/frames_cleanpass/15mm_focallength/scene_backwards/fast", "Monkaa/frames_cleanpass/a_rain_of_stones_x2",
    ]
    let files = sequences.flatMap {
      ["\($0)/left/0006.png", "\($0)/right/0006.png", "\($0)/left/0007.png", "\($0)/right/0007.png"]
    }
    let all = try pairs(SceneFlow.self, files + ["Monkaa/disparity/a_rain_of_stones_x2/left/0006.png"])
    #expect(all.count == 8)
    #expect(
      all[2] == "FlyingThings3D/frames_cleanpass/TRAIN/A/0000/left/0006.png"
        + " | FlyingThings3D/frames_cleanpass/TRAIN/A/0000/right/0006.png | FlyingThings3D/TRAIN/A/0000")
    #expect(all[0].hasSuffix(" | Driving") && all[4].hasSuffix(" | FlyingThings3D/TRAIN/A/0000"))
    #expect(all[6].hasSuffix(" | Monkaa/a_rain_of_stones_x2"))
    #expect(try pairs(SceneFlow.self, files, only: ["frames_finalpass"]) == Array(all[4..<6]))
    #expect(try pairs(SceneFlow.self, files, kind: .both).count == 8 + 4)
  }

  @Test("Spring, Sintel, TartanAir, CREStereo, ETH3D: the two eyes and the scenes")
  func others() throws {
    #expect(
      try pairs(
        Spring.self, ["train/0001/frame_left/frame_left_0001.png", "train/0001/frame_right/frame_right_0001.png"])
        == ["train/0001/frame_left/frame_left_0001.png | train/0001/frame_right/frame_right_0001.png | 0001"])
    #expect(
      try pairs(
        Sintel.self,
        ["clean_left", "clean_right", "disparities"].map { "training/\($0)/alley_1/frame_0001.png" }
          + ["training/clean_left/alley_2/frame_0001.png", "training/clean_right/alley_2/frame_0001.png"])
        == [
          "training/clean_left/alley_1/frame_0001.png | training/clean_right/alley_1/frame_0001.png | alley",
          "training/clean_left/alley_2/frame_0001.png | training/clean_right/alley_2/frame_0001.png | alley",
        ])
    #expect(
      try pairs(
        TartanAir.self,
        ["left", "right"].map { "ocean/ocean/Easy/P000/image_\($0)/000000_\($0).png" }
          + ["lcam", "rcam"].map { "House/Data_easy/P001/image_\($0)_front/000003_\($0)_front.png" })
        == [
          "House/Data_easy/P001/image_lcam_front/000003_lcam_front.png"
            + " | House/Data_easy/P001/image_rcam_front/000003_rcam_front.png | House",
          "ocean/ocean/Easy/P000/image_left/000000_left.png | ocean/ocean/Easy/P000/image_right/000000_right.png"
            + " | ocean",
        ])
    #expect(
      try pairs(
        CREStereo.self,
        ["tree/000_left.jpg", "tree/000_right.jpg", "tree/000_left.disp.png", "tree/000_right.disp.png"])
        == ["tree/000_left.jpg | tree/000_right.jpg | tree/000"])
    #expect(
      try pairs(
        ETH3D.self,
        ["terrace_1s", "storage_room_2_1l"].flatMap {
          ["two_view_training/\($0)/im0.png", "two_view_training/\($0)/im1.png"]
        })
        == [
          "two_view_training/storage_room_2_1l/im0.png | two_view_training/storage_room_2_1l/im1.png | storage_room",
          "two_view_training/terrace_1s/im0.png | two_view_training/terrace_1s/im1.png | terrace",
        ])
  }

  @Test("Sintel's flow data has one camera: temporal pairs only")
  func sintelFlow() throws {
    let files = ["final/alley_1/frame_0001.png", "final/alley_1/frame_0002.png"].map { "training/" + $0 }
    #expect(
      try pairs(Sintel.self, files, kind: .temporal) == ["\(files[0]) | \(files[1]) | alley"])
    let refusal = failure { _ = try pairs(Sintel.self, files) }
    #expect(refusal?.kind == .badData)
    #expect(
      refusal?.message.contains("no stereo pair") == true
        && refusal?.hint?.description.contains("pairs of kind temporal") == true)
  }

  @Test("half a collection: the files are named, with the tree that is expected, or left out on request")
  func halves() throws {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(
        folder, ["training/image_2/000000_10.png", "training/image_2/000001_10.png", "training/image_3/000000_10.png"])
      var collection = StereoCollection(KITTI.self)
      let refusal = failure { _ = try collection.pairs(in: folder) }
      #expect(refusal?.kind == .badData)
      #expect(refusal?.message.contains("1 images") == true)
      #expect(refusal?.message.contains("training/image_2/000001_10.png") == true)
      #expect(refusal?.hint?.description.contains(KITTI.tree.description) == true)
      collection = StereoCollection(KITTI.self, skipsIncomplete: true)
      var notes: [String] = []
      #expect(try collection.pairs(in: folder) { notes.append($0) }.count == 1)
      #expect(notes.count == 1 && notes[0].contains("left out"))
      try tree.remove("training/image_3")
      let none = failure { _ = try collection.pairs(in: folder) }
      #expect(none?.kind == .badData && none?.message.contains("no stereo pair") == true)
      try tree.remove("training/image_2/000001_10.png")
      try CollectionTree(folder, ["training/image_3/000000_10.png", "training/image_3/000000_10.jpg"]).write("x", "")
      #expect(failure { _ = try collection.pairs(in: folder) }?.message.contains("same view") == true)
    }
  }

  @Test("another tree, an empty folder, a missing folder, a view that no folder has: the expected tree is shown")
  func wrongTrees() throws {
    try withTemporaryFolder { folder in
      _ = try CollectionTree(folder + "/holidays", ["beach.jpg"])
      try FileManager.default.createDirectory(atPath: folder + "/empty", withIntermediateDirectories: true)
      let layouts: [any StereoLayout.Type] = [
        KITTI.self, Middlebury.self, SceneFlow.self, Spring.self, Sintel.self, TartanAir.self, ETH3D.self,
        CREStereo.self,
      ]
      for layout in layouts {
        for (name, kind) in [("holidays", Failure.Kind.badData), ("empty", .badData), ("none", .noInput)] {
          let refusal = failure { _ = try StereoCollection(layout).pairs(in: folder + "/" + name) }
          #expect(refusal?.kind == kind)
          #expect(refusal?.message.contains(folder + "/" + name) == true)
          #expect(refusal?.hint?.description.contains(layout.tree.description) == true)
        }
      }
      _ = try CollectionTree(folder, ["a/colored_0/000000_10.png", "a/colored_1/000000_10.png"])
      let refusal = failure { _ = try StereoCollection(KITTI.self, only: ["testing"]).pairs(in: folder) }
      #expect(refusal?.message.contains("below testing") == true)
      #expect(failure { _ = try StereoCollection(ETH3D.self, kind: .temporal).pairs(in: folder) }?.kind == .badData)
    }
  }

  @Test("a damaged image of a collection is named")
  func damage() throws {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder, ["x/im0.png", "x/im1.png"])
      try tree.write("x/im1.png", "no image")
      let pairs = try StereoCollection(Middlebury.self).pairs(in: folder)
      #expect(failure { try expectConverts(pairs, in: folder) }?.message.contains("x/im1.png") == true)
    }
  }
}
