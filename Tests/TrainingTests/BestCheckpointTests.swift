import Foundation
import RunFixtures
import Storage
import Testing
import Training

/// The checkpoint with the lowest validation loss: written when it is due, spared by rotation, found again by its link.
@Suite("The best checkpoint", .serialized) struct BestCheckpointTests {
  private func checkpoints(_ fixture: RunFixture, _ name: String) throws -> [Int] {
    try Checkpoint.list(fixture.output(name) + "/checkpoints").map(\.step)
  }

  /// Completed steps and loss of each validation of a run.
  private func validations(_ fixture: RunFixture, _ name: String) throws -> [(step: Int, loss: Double)] {
    try fixture.metrics(name).compactMap { line in
      line["validation_loss"].flatMap { loss in line["step"].map { (Int($0), loss) } }
    }
  }

  @Test(
    "A validation that is the lowest yet has a checkpoint although none is due, also where a run is stopped and goes on"
  )
  func written() throws {
    let fixture = try RunFixture()
    let settings = ["checkpoints.every_steps=0", "checkpoints.every_minutes=0", "validation.every_steps=3"]
    let spoken = try fixture.run("whole", settings)
    var lowest: [(step: Int, loss: Double)] = []
    for validation in try validations(fixture, "whole") where validation.loss < lowest.last?.loss ?? .infinity {
      lowest.append(validation)
    }
    let best = try #require(lowest.last)
    #expect(lowest.count > 1)
    #expect(try checkpoints(fixture, "whole") == Set(lowest.map(\.step) + [20]).sorted())
    let found = try #require(try BestCheckpoint(in: RunFolder(fixture.output("whole"))))
    #expect(found.step == best.step && found.validationLoss == best.loss)
    #expect(
      spoken.lines.contains { $0.hasPrefix("The best checkpoint has validation loss ") && $0.contains("/whole/best") })
    try fixture.run("parts", settings + ["schedule.stop_after_steps=7"])
    try fixture.run("parts", settings)
    #expect(try checkpoints(fixture, "parts") == Set(lowest.map(\.step) + [7, 20]).sorted())
    #expect(try fixture.metrics("parts") == fixture.metrics("whole"))
    let links = ["whole", "parts"].map { FileSystem.linkTarget(fixture.output($0) + "/best") }
    #expect(links[0] == "checkpoints/" + Checkpoint.name(ofStep: best.step) && links[1] == links[0])
  }

  @Test("Rotation spares it, a run that goes on knows it, and its link is a checkpoint wherever one is asked for")
  func spared() throws {
    let fixture = try RunFixture()
    let folder = RunFolder(fixture.output("run"))
    try fixture.run("run", ["checkpoints.keep=1", "schedule.stop_after_steps=11"])
    // As if the network had been at its best then.
    let lines = try String(contentsOfFile: folder.metricsFile, encoding: .utf8).split(separator: "\n").map { line in
      line.replacing(/"validation_loss":[0-9.e-]+/, with: "\"validation_loss\":0.001")
    }
    try Publication.publishText(lines.map { $0 + "\n" }.joined(), at: folder.metricsFile)
    // A kill may come before the link is made.
    try FileSystem.remove(folder.bestLink)
    try fixture.run("run", ["checkpoints.keep=1"])
    #expect(try checkpoints(fixture, "run") == [10, 20])
    for path in [folder.bestLink, folder.bestLink + "/", folder.bestLink + "/model.safetensors"] {
      guard case .checkpoint(let checkpoint, _) = try TrainedSource(path) else {
        Issue.record("\(path) is no checkpoint")
        continue
      }
      #expect(checkpoint.state.step == 10)
    }
    guard case .checkpoint(let checkpoint, _) = try TrainedSource(folder.bestLink) else { return }
    #expect(checkpoint.path == folder.checkpointFolder + "/" + Checkpoint.name(ofStep: 10))
    // Without its checkpoint it is none: the next best is.
    try FileSystem.removeTree(checkpoint.path)
    #expect(try BestCheckpoint(in: folder)?.step == 20)
  }

  @Test("A validation that was cut short is made up for when the run goes on, and all is as if it had not been")
  func madeUpFor() throws {
    let fixture = try RunFixture()
    try fixture.run("whole")
    for stop in [10, 20] {
      let name = "cut after \(stop)"
      let folder = RunFolder(fixture.output(name))
      try fixture.run(name, ["schedule.stop_after_steps=\(stop)"])
      let text = try String(contentsOfFile: folder.metricsFile, encoding: .utf8)
      let start = try #require(text.range(of: ",\"validation_loss\"", options: .backwards)).lowerBound
      try Publication.publishText(text[..<start] + "}\n", at: folder.metricsFile)
      try FileSystem.remove(folder.bestLink)
      let spoken = try fixture.run(name)
      #expect(spoken.lines.contains { $0.hasPrefix("The validation after step \(stop) is made up for: loss ") })
      #expect(try fixture.metrics(name) == fixture.metrics("whole"))
      #expect(FileSystem.linkTarget(folder.bestLink) == FileSystem.linkTarget(fixture.output("whole") + "/best"))
      #expect(try fixture.digests(name, step: 20) == fixture.digests("whole", step: 20))
    }
  }

  @Test("A run without validation has none")
  func none() throws {
    let fixture = try RunFixture()
    let spoken = try fixture.run("run", ["validation.every_steps=0", "schedule.stop_after_steps=5"])
    #expect(try BestCheckpoint(in: RunFolder(fixture.output("run"))) == nil)
    #expect(FileSystem.linkTarget(fixture.output("run") + "/best") == nil)
    #expect(!spoken.lines.contains { $0.contains("best") })
  }
}
