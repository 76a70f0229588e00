import Foundation
import Report
import RunFixtures
import TestSupport
import Testing

@Suite("Reports of runs")
struct ReportTests {
  @Test("The page of a run is well-formed and has its curves, numbers, picture, configuration and evaluation")
  func completePage() throws {
    let fixture = try ReportFixture()
    let run = try fixture.run("first", steps: 1...200, validationEvery: 50)
    try fixture.write("seed: 7\nmodel:\n  encoder_depth: 5\n", "\(run)/config.yaml")
    try fixture.write("pixels", "\(run)/reconstructions/step-00000100.png")
    try fixture.write("pixels", "\(run)/reconstructions/notes.txt")
    try fixture.write(ReportFixture.evaluation, "\(run)/evaluation.json")
    try fixture.write("began\nstep 200 <done> & \u{1B}[1mbold\n", "\(run)/log.txt")

    let page = try fixture.report([run])

    let outline = try #require(XMLOutline(page), "not well-formed")
    #expect(outline.elements["figure"] == 6, "loss, three measures, stages and a picture")
    #expect(page.contains("data:image/png;base64,\(Data("pixels".utf8).base64EncodedString())"))
    #expect(outline.text.contains("encoder_depth: 5"))
    #expect(outline.text.contains("step 200 <done> & [1mbold"))
    #expect(outline.text.contains("Reference gain 0.625 on 640 pairs from checkpoints/step-00000200"))
    #expect(outline.text.contains("at step 150"), "the best validation loss is that of step 150")
    #expect(outline.text.contains("at step 150; no checkpoint"))
    #expect(
      outline.elements["circle"] == 2 * 4 + 1, "four validation losses, wide and narrow, and the sample of the legend")
  }

  @Test("A page says how a run ended before its last step, but not of one that went on since")
  func ending() throws {
    let fixture = try ReportFixture()
    let line = "2026-01-02T03:04:05Z Ended with code 74: Cannot write a: No space left on device. Make room.\n"
    let ended = try fixture.run("ended", steps: 1...3)
    try fixture.write("began\n" + line, "\(ended)/log.txt")
    #expect(
      try fixture.report([ended]).contains("ended with code 74: Cannot write a: No space left on device. Make room."))
    let goesOn = try fixture.run("goes on", steps: 1...3)
    try fixture.write(line + "2026-01-02T03:05:05Z step 3\n", "\(goesOn)/log.txt")
    #expect(try !fixture.report([goesOn]).contains("ended with code 74:"))
  }

  @Test("A page says on what its run was computed, of what data, and which step its speed is that of")
  func machine() throws {
    let fixture = try ReportFixture()
    let run = try fixture.run("run", steps: 1...4)
    let time = "2026-01-02T03:04:05Z "
    let said = [
      "croco 0.1.0 trains in old.", "croco 0.1.0 trains in new.", "warning: slow", "2 ranks x 3 threads",
      "data: 7 pairs",
    ]
    try fixture.write((said + ["step 1/4 | loss"]).map { time + $0 + "\n" }.joined(), "\(run)/log.txt")
    let page = try fixture.report([run])
    let start = try #require(page.range(of: "Machine and data")).upperBound
    let paragraphs = page[start...].prefix { $0 != "D" }.matches(of: /<p>(.*?)<\/p>/).map { String($0.1) }
    #expect(paragraphs.prefix(3) == ["croco 0.1.0 trains in new.", "2 ranks x 3 threads", "data: 7 pairs"])
    let text = try #require(XMLOutline(page)).text
    #expect(text.contains("pairs/s") && text.contains("in the median step of "))
  }

  @Test("A page refers to nothing outside of it")
  func selfContained() throws {
    let fixture = try ReportFixture()
    let run = try fixture.run("run", steps: 1...3)
    try fixture.write("pixels", "\(run)/reconstructions/step-3.png")
    let outline = try #require(XMLOutline(fixture.report([run])))
    let sources = outline.attributes.filter { ["src", "href", "srcset", "data"].contains($0.name) }
    #expect(sources.count == 1)
    #expect(sources.allSatisfy { $0.value.hasPrefix("data:") })
    #expect(!outline.text.contains("@import") && !outline.text.contains("url("))
    #expect(outline.elements["link"] == nil && outline.elements["script"] == nil)
  }

  @Test("Several runs share the plots, with a colour and a name each, and the differing keys are listed")
  func comparison() throws {
    let fixture = try ReportFixture()
    let runs = [try fixture.run("low", steps: 1...30), try fixture.run("high & fast", steps: 1...20)]
    try fixture.write("optimizer:\n  lr: 1e-4\n", "\(runs[0])/config.yaml")
    try fixture.write("optimizer:\n  lr: 5e-4\n", "\(runs[1])/config.yaml")

    let outline = try #require(XMLOutline(fixture.report(runs)))

    #expect(outline.elements["figure"] == 5, "loss, three measures, stages")
    let lines = outline.attributes.filter { $0.element == "path" && $0.name == "class" }.map(\.value)
    // Four measures, and the loss for narrow screens.
    #expect(lines.filter { $0 == "line s0" }.count == 5)
    #expect(lines.filter { $0 == "line s1" }.count == 5)
    #expect(outline.text.contains("high & fast"))
    #expect(outline.text.contains("optimizer.lr"))
    let cells = outline.cells
    #expect(cells.contains("optimizer.lr") && !cells.contains("optimizer.weight_decay"))
  }

  @Test("Runs whose folders have the same name are named by their paths")
  func sameNames() throws {
    let fixture = try ReportFixture()
    let runs = [try fixture.run("a/run", steps: 1...2), try fixture.run("b/run", steps: 1...2)]
    let outline = try #require(XMLOutline(fixture.report(runs)))
    #expect(outline.cells.contains(runs[0]) && outline.cells.contains(runs[1]))
  }

  @Test("NaN, missing keys, gaps and cut-off lines leave holes, not errors; the page says how many lines are lost")
  func damagedLines() throws {
    let fixture = try ReportFixture()
    let lines = [
      ReportFixture.line(1, loss: "1.5"), ReportFixture.line(2, loss: "nan"), ReportFixture.line(3, loss: "-inf"),
      #"{"step":4}"#, "not a line", ReportFixture.line(9, loss: "0.5"), #"{"step":10,"loss":0.4,"ms":1"#,
    ]
    try fixture.write(lines.joined(separator: "\n"), "run/metrics.jsonl")

    let page = try fixture.report([fixture.path("run")])

    let outline = try #require(XMLOutline(page))
    #expect(outline.text.contains("2 lines of metrics.jsonl could not be read"))
    let coordinates = outline.attributes.filter { $0.name == "d" || $0.name == "cy" || $0.name == "y" }.map(\.value)
    #expect(!coordinates.isEmpty)
    #expect(coordinates.allSatisfy { !$0.contains("nan") && !$0.contains("inf") })
    // Steps 1 and 9 have no neighbour with a loss: a line alone would hide them.
    #expect(outline.attributes.filter { $0.element == "circle" && $0.name == "cy" }.count >= 2)
    #expect(outline.text.contains("0.5000"), "the last finite loss")
  }

  @Test("A step that was made twice counts once, as it was the second time")
  func repeatedSteps() throws {
    let fixture = try ReportFixture()
    let lines = [
      ReportFixture.line(1, loss: "1.5"), ReportFixture.line(2, loss: "9.75"), ReportFixture.line(1, loss: "1.25"),
      ReportFixture.line(2, loss: "1.125"),
    ]
    try fixture.write(lines.joined(separator: "\n"), "run/metrics.jsonl")
    let page = try fixture.report([fixture.path("run")])
    #expect(page.contains("1.1250"))
    #expect(!page.contains("9.75"))
  }

  @Test("A single step and constant values have axes, too")
  func singleStep() throws {
    let fixture = try ReportFixture()
    try fixture.write(#"{"step":1,"loss":0,"lr":0,"grad_norm":0,"ms":0,"pairs_per_s":0}"#, "run/metrics.jsonl")
    let outline = try #require(XMLOutline(fixture.report([fixture.path("run")])))
    #expect(outline.attributes.filter { $0.name == "d" }.allSatisfy { !$0.value.contains("nan") })
  }

  @Test("The page of a long run stays small enough to be sent")
  func longRun() throws {
    let fixture = try ReportFixture()
    let run = try fixture.run("long", steps: 1...20_000, validationEvery: 20)
    let page = try fixture.report([run])
    #expect(XMLOutline(page) != nil)
    #expect(page.utf8.count < 300_000)
    #expect(page.contains(">20,000<"), "the label of the last step")
  }

  @Test("A folder that is no run, an empty run and a broken evaluation are failures that name the file")
  func failures() throws {
    let fixture = try ReportFixture()
    try FileManager.default.createDirectory(atPath: fixture.path("nothing"), withIntermediateDirectories: true)
    #expect(fixture.failure(["nothing"])?.kind == .noInput)
    #expect(fixture.failure(["absent"])?.message.contains("absent") == true)

    try fixture.write("", "empty/metrics.jsonl")
    #expect(fixture.failure(["empty"])?.kind == .badData)
    #expect(fixture.failure(["empty"])?.message.contains("empty/metrics.jsonl") == true)

    _ = try fixture.run("run", steps: 1...2)
    try fixture.write(#"{"pairs": 3}"#, "run/evaluation.json")
    #expect(fixture.failure(["run"])?.kind == .badData)
    #expect(fixture.failure(["run"])?.message.contains("evaluation.json") == true)
    #expect(!FileManager.default.fileExists(atPath: fixture.path("report.html")), "a failure leaves no page")
  }

  @Test("What a run of the trainer writes can be reported")
  func realRun() throws {
    let runs = try RunFixture()
    try runs.run("real", ["schedule.total_steps=4", "schedule.warmup_steps=1", "validation.every_steps=2"])
    let path = runs.output("real") + "/report.html"
    try RunReport.write(runFolders: [runs.output("real")], to: path)
    let page = try String(contentsOfFile: path, encoding: .utf8)
    let outline = try #require(XMLOutline(page))
    #expect(outline.text.contains("completed") && !outline.text.contains("not completed"))
    #expect(outline.text.contains("Encoder 32 x 2 blocks, decoder 24 x 2 blocks"))
    #expect(outline.text.contains("at step"))
  }
}
