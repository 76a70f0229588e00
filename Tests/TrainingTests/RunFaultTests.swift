import Foundation
import RunFixtures
import Runtime
import Storage
import Synchronization
import TestSupport
import Testing
import Training

/// What is left of a run where writing fails or the process dies, and how it goes on.
@Suite(.serialized) struct RunFaultTests {
  /// Three steps with a checkpoint each; one compute thread.
  private let brief = [
    "schedule.total_steps=3", "schedule.warmup_steps=1", "checkpoints.every_steps=1", "compute.threads=1",
  ]

  private let fixture: RunFixture
  private let digests: [String]
  private let metrics: [[String: Double]]
  private let places: [Int]

  init() throws {
    let (fixture, counted, brief) = (try RunFixture(), Faults(), brief)
    try counted.run(on: fixture.output("whole")) { try fixture.run("whole", brief) }
    self.fixture = fixture
    digests = try fixture.digests("whole", step: 3)
    metrics = try fixture.metrics("whole")
    places = counted.places
    #expect(metrics.count == 3 && places.count > 40)
  }

  private func caught(_ body: () throws -> Void) -> Failure? {
    do {
      try body()
      return nil
    } catch {
      return error as? Failure
    }
  }

  /// Goes on with a run and compares its end with that of one that nothing happened to; no temporary file stays.
  ///
  /// - Parameter lostLine: whether the line of a step may be missing, since only its checkpoint could be written.
  private func goOn(_ name: String, lostLine: Bool = false, _ comment: Comment) throws {
    let folder = fixture.output(name)
    // Whatever has the name of a checkpoint is whole.
    for (_, path) in try Checkpoint.list(folder + "/checkpoints") {
      #expect(throws: Never.self, comment) { try Checkpoint(path: path) }
    }
    try fixture.run(name, brief)
    #expect(try fixture.digests(name, step: 3) == digests, comment)
    let found = try fixture.metrics(name)
    #expect(found == metrics || lostLine && found.count == 2 && found.allSatisfy(metrics.contains), comment)
    #expect(RunFolder(folder).isCompleted, comment)
    let all = try FileManager.default.subpathsOfDirectory(atPath: folder)
    #expect(all.filter { $0.contains(Publication.temporaryMarker) } == [], comment)
  }

  @Test("interrupted calls and calls that move few bytes change no byte of a run")
  func interruptions() throws {
    try Faults.interrupted(bytes: 1000).run(on: fixture.output("run")) { try fixture.run("run", brief) }
    try goOn("run", "")
  }

  @Test(
    "whichever call fails, the run ends with a sentence, whole checkpoints stay, and it goes on",
    arguments: [ENOSPC, EIO])
  func failures(code: Int32) throws {
    // Every seventh of the places, others for either code.
    for (index, place) in places.enumerated() where index % 7 == (code == EIO ? 3 : 0) {
      let name = "run \(place)"
      let faults = Faults.at(place, code)
      let failure = faults.run(on: fixture.output(name)) { caught { try fixture.run(name, brief) } }
      let comment: Comment =
        "\(faults.calls.dropFirst(place - 1).first.map { "\($0)" } ?? "") \(failure?.description ?? "")"
      if let failure {
        #expect(failure.kind == .inputOutput && failure.message.contains(fixture.output(name)), comment)
        #expect(failure.message.contains(Failure.systemText(code)), comment)
        // Unless it was the marker itself, or the flush of the folder that has just received it.
        let isFlush = faults.calls.dropFirst(place - 1).first?.path == fixture.output(name)
        #expect(
          !RunFolder(fixture.output(name)).isCompleted || failure.message.contains("COMPLETED") || isFlush, comment)
      }
      try goOn(name, lostLine: failure?.message.contains("metrics.jsonl") ?? false, comment)
      try FileSystem.removeTree(fixture.output(name))
    }
  }

  @Test("a line of the metrics that a full disk cut off ends the run; the next one removes it")
  func metricsOnFullDisk() throws {
    let writes = Atomic<Int>(0)
    let full = Faults { _, call in
      guard call.kind == .write, call.path.hasSuffix("metrics.jsonl") else { return nil }
      let number = writes.wrappingAdd(1, ordering: .relaxed).newValue
      return number == 2 ? .short(20) : number > 2 ? .error(ENOSPC) : nil
    }
    let failure = full.run(on: fixture.output("run")) { caught { try fixture.run("run", brief) } }
    #expect(failure?.kind == .inputOutput && failure?.message.contains("metrics.jsonl: No space left") == true)
    let text = String(decoding: try File.contents(of: fixture.output("run") + "/metrics.jsonl"), as: UTF8.self)
    #expect(text.split(separator: "\n").map(\.utf8.count).last == 20)
    try goOn("run", lostLine: true, "")
  }

  @Test("wherever the process dies, the last whole checkpoint stays and the run goes on from there")
  func deaths() throws {
    let helper = try builtExecutable("death-check")
    for place in places.enumerated().filter({ $0.offset % 9 == 4 }).map(\.element) {
      let name = "dead \(place)"
      let arguments = fixture.arguments(name, brief) + ["--place", "\(place)"]
      let result = try runProcess(helper, arguments)
      #expect(result.status == 9, "\(result)")
      try goOn(name, "call \(place)")
      try FileSystem.removeTree(fixture.output(name))
    }
  }
}
