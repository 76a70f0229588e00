import DataFixtures
import Foundation
import PairConversion
import Runtime
import Testing

@Suite struct PairListTests {
  /// The pairs of a list with the given name and text, as "view 1|view 2|scene".
  private func parse(_ name: String, _ text: String) throws -> [String] {
    try withTemporaryFolder { folder in
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
      let pairs = try PairList.read(folder + "/" + name)
      for pair in pairs where !pair.view1.source.hasPrefix("/") {
        #expect(pair.view1.path == folder + "/" + pair.view1.source)
      }
      return pairs.map {
        "\($0.view1.source)|\($0.view2.source)|\($0.scene)" + ($0.overlap.isNaN ? "" : "|\($0.overlap)")
      }
    }
  }

  private func refusal(_ name: String, _ text: String) -> Failure? {
    failure { _ = try parse(name, text) }
  }

  @Test("text lists: blanks, quotes, tabs, comments, Windows line ends")
  func text() throws {
    let list =
      "\u{FEFF}# a comment\r\na.png b.png\r\n\n\"c d.png\"   'e f.png'\ng h.png\ti\"j.png\n/abs/k.png  l.png s1 0.5\n"
    #expect(
      try parse("list.txt", list) == [
        "a.png|b.png|a.png", "c d.png|e f.png|c d.png", "g h.png|i\"j.png|g h.png", "/abs/k.png|l.png|s1|0.5",
      ])
  }

  @Test("CSV and TSV: with and without header, quoted fields, columns in any order")
  func tables() throws {
    #expect(
      try parse("a.csv", "a b.png,c.png\nd.png,\"e,\"\"f\"\".png\"\n") == [
        "a b.png|c.png|a b.png", "d.png|e,\"f\".png|d.png",
      ])
    let header = "scene,View 2,overlap,view_1\nroom,b.png,0.25,a.png\nhall,d.png,,c.png\n"
    #expect(try parse("a.csv", header) == ["a.png|b.png|room|0.25", "c.png|d.png|hall"])
    #expect(try parse("a.tsv", "img0\timg1\nx y.png\tz.png\n") == ["x y.png|z.png|x y.png"])
    #expect(try parse("a.tsv", "x y.png\tz.png\tscene 1\n") == ["x y.png|z.png|scene 1"])
  }

  @Test("without scenes, pairs that share images form one")
  func components() throws {
    let scenes = try parse("list", "a b\nc d\ne f\nd g\nb c\n").map { $0.split(separator: "|")[2] }
    #expect(scenes == ["a", "a", "e", "a", "a"])
  }

  @Test("a file is one image however its path is written, and names one scene")
  func spellings() throws {
    let list = "./a.png b.png\na.png c//d.png\n././b.png c/./d.png\n.e/f.png ../g.png\n"
    #expect(
      try parse("list", list) == [
        "a.png|b.png|a.png", "a.png|c/d.png|a.png", "b.png|c/d.png|a.png", ".e/f.png|../g.png|.e/f.png",
      ])
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder, ["a.png", "b.png", "c.png"])
      try tree.write("list", "./a.png b.png s\n\"\(folder)/a.png\" c.png s\na.png ./b.png s\n")
      let data = folder + "/data"
      let summary = try convert(
        PairList.read(folder + "/list"), .init(dataset: .init(codec: .keep, validationFraction: 0)), to: data)
      #expect(summary.imagesRead == 3 && summary.manifest.pairCount(of: .train) == 3)
    }
  }

  /// The lines about columns that a list gives, and its pairs.
  private func notes(_ name: String, _ text: String) throws -> [String] {
    try withTemporaryFolder { folder in
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
      var notes: [String] = []
      _ = try PairList.read(folder + "/" + name) { notes.append($0) }
      return notes
    }
  }

  @Test(
    "headers are known by words and by what tells the sides apart",
    arguments: [
      "view1,view2", "View 2,View 1", "image_path1,image_path2", "image1_path,image2_path", "name1,name2",
      "reference,query", "query_image,reference_image", "img0_path,img1_path", "path_0,path_1",
      "right_image,left_image",
      "leftImage,rightImage", "imagea,imageb", "filename1,filename2", "im_01,im_02", "source,target",
      "src_path,dst_path",
      "Image 1 Path,Image 2 Path", "first,second", "anchor,positive", "cam0,cam1", "frame_i,frame_j", ",0,1",
      "x,0_path,1_path",
    ])
  func headers(header: String) throws {
    let isReversed = ["View 2", "reference", "right"].contains(where: header.hasPrefix)
    let isNumbered = header.split(separator: ",", omittingEmptySubsequences: false).count == 3
    let row = (isNumbered ? "17," : "") + (isReversed ? "b.png,a.png" : "a.png,b.png")
    #expect(try parse("a.csv", header + "\n" + row) == ["a.png|b.png|a.png"])
    #expect(try parse("a.tsv", "\(header)\n\(row)\r\n".replacing(",", with: "\t")) == ["a.png|b.png|a.png"])
  }

  @Test("a table with numbered rows: the column without a name is left out, with a line; so are others")
  func numberedRows() throws {
    let list = "\tview1\tview2\tscene\toverlap\n0\tim/0.png\tim/1.png\ta\t0.5\n1\tim/2.png\tim/3.png\tb\t\n"
    #expect(try parse("a.tsv", list) == ["im/0.png|im/1.png|a|0.5", "im/2.png|im/3.png|b"])
    #expect(try notes("a.tsv", list)[0].hasSuffix("columns that are not read: the one without a name"))
    let others = "Unnamed: 0,image1,image2,score,overlap_back,scene1,inliers\n0,a.png,b.png,0.7,0.6,x,33\n"
    #expect(try parse("a.csv", others) == ["a.png|b.png|a.png"])
    #expect(
      try notes("a.csv", others) == [
        "a.csv:1 is a header: view 1 is image1, view 2 is image2; columns that are not read: Unnamed: 0, score,"
          + " overlap_back, scene1, inliers"
      ])
    #expect(
      try notes("a.txt", "a.png b.png s1 0.5\n") == [
        "a.txt has no header: column 3 is the scene, column 4 is the overlap"
      ])
    #expect(try notes("a.txt", "a.png b.png\n") == [])
    // A comment may be the header where all its words are known.
    #expect(try parse("a.txt", "# img0 img1 overlap\na.png b.png 0.7\n") == ["a.png|b.png|a.png|0.7"])
    #expect(try parse("a.txt", "# the left and right images\na.png b.png s\n") == ["a.png|b.png|s"])
  }

  @Test("SuperGlue's lists: rotations are not applied, so that only 0 is taken; intrinsics and pose are not read")
  func superGlue() throws {
    let numbers = " " + (0..<34).map { "\(Double($0) / 10)" }.joined(separator: " ")
    for rest in ["", numbers] {
      let sound = "a.png b.png 0 0\(rest)\nb.png c.png 0 0\(rest)\n"
      #expect(try parse("l.txt", sound) == ["a.png|b.png|a.png", "b.png|c.png|a.png"])
      #expect(try notes("l.txt", sound)[0].contains("SuperGlue"))
      let turned = refusal("l.txt", "a.png b.png 0 0\(rest)\nb.png c.png 0 1\(rest)\n")
      #expect(turned?.message.contains("l.txt:2: columns 3 and 4 (0, 1) look like the rotations") == true)
    }
    #expect(try parse("l.txt", "a.png b.png 4 1\nc.png d.png 0 0.5\n") == ["a.png|b.png|4|1.0", "c.png|d.png|0|0.5"])
  }

  @Test("a column that may be something else than a scene is refused, and so is a header that names no views")
  func doubtful() {
    for (list, words) in [
      ("a.png b.png 0.7\nc.png d.png 1\n", "l.csv:1: column 3, 0.7"), ("a.png b.png 1\nc.png d.png 0\n", "a label"),
      ("a.png b.png 0.7 0.8\n", "column 3, 0.7"), ("a.png b.png c.png\n", "third image"),
      ("a.png b.png s 0.5 7\n", "has 5 fields; without a header"), ("img1 img2\na.png b.png s\n", "header 2"),
      ("idx1 idx2\na.png b.png\n", "looks like a header"), ("image label\na b\n", "looks like a header"),
      ("scene overlap\n", "looks like a header"), ("0 1\na.png b.png\n", "looks like a header"),
      ("path1 name1 path2\na.png a b.png\n", "both path1 and name1"),
    ] {
      for (name, separator) in [("l.csv", ","), ("l.tsv", "\t")] {
        let message = refusal(name, list.replacing(" ", with: separator))?.message
        #expect(message?.contains(words.replacing("l.csv", with: name)) == true, "\(list): \(message ?? "taken")")
      }
    }
    for overlap in ["1.01", "-0.1", "85", "inf"] {
      #expect(refusal("l.txt", "a.png b.png s \(overlap)\n")?.message.contains("not within 0 to 1") == true)
    }
  }

  @Test("a root for relative paths; old line ends; names that differ in their bytes alone are two images")
  func rootsAndNames() throws {
    try withTemporaryFolder { folder in
      let list = folder + "/list.txt"
      try Data("a.png /b.png\rc.png d.png".utf8).write(to: URL(fileURLWithPath: list))
      let pairs = try PairList.read(list, root: "/data")
      #expect(pairs.map(\.view1.path) == ["/data/a.png", "/data/c.png"] && pairs[0].view2.path == "/b.png")
    }
    let scenes = try parse("l.txt", "\u{E9}.png a.png\ne\u{301}.png b.png\n").map {
      Array($0.split(separator: "|")[2].utf8)
    }
    #expect(scenes == [Array("\u{E9}.png".utf8), Array("e\u{301}.png".utf8)])
  }

  @Test("bad lines are named")
  func badLines() {
    #expect(refusal("l.txt", "a b\n\nmy picture.png other.png x y\n")?.message.contains("l.txt:3 has 5 fields") == true)
    #expect(refusal("l.txt", "a.png\n")?.message.contains("l.txt:1") == true)
    #expect(refusal("l.txt", "\"a b\n")?.message.contains("not closed") == true)
    #expect(refusal("l.csv", "a,b,s,high\n")?.message.contains("\"high\" is not a number") == true)
    #expect(refusal("l.csv", "a,\n")?.message.contains("needs two paths") == true)
    #expect(refusal("l.csv", ",b\n")?.message.contains("one is missing") == true)
    #expect(refusal("l.txt", "# nothing\n")?.message.contains("lists no pair") == true)
    #expect(failure { _ = try PairList.read("/nonexistent/list") }?.kind == .noInput)
  }
}
