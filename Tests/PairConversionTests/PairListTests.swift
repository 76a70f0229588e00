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

  @Test("bad lines are named")
  func badLines() {
    #expect(refusal("l.txt", "a b\n\nmy picture.png other.png x y\n")?.message.contains("l.txt:3 has 5 fields") == true)
    #expect(refusal("l.txt", "a.png\n")?.message.contains("l.txt:1") == true)
    #expect(refusal("l.txt", "\"a b\n")?.message.contains("not closed") == true)
    #expect(refusal("l.csv", "a,b,s,high\n")?.message.contains("\"high\" is not a number") == true)
    #expect(refusal("l.csv", "a,\n")?.message.contains("missing") == true)
    #expect(refusal("l.txt", "# nothing\n")?.message.contains("lists no pair") == true)
    #expect(failure { _ = try PairList.read("/nonexistent/list") }?.kind == .noInput)
  }
}
