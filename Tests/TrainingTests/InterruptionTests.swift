import Collectives
import Foundation
import PairData
import RunFixtures
import Runtime
import Storage
import TestSupport
import Testing
import Training

/// Steps that are cut short, and what a run leaves behind that ends before its last step.
@Suite("Interrupted runs", .serialized) struct InterruptionTests {
  /// Three steps of some 256 micro-batches: a signal after the first step meets the second one in the middle.
  private let long = [
    "batch.global_batch_size=1024", "schedule.total_steps=3", "schedule.warmup_steps=1", "validation.every_steps=0",
    "checkpoints.every_steps=0",
  ]

  private func train(_ arguments: [String]) throws -> ProcessResult {
    try runProcess(try builtExecutable("croco"), arguments)
  }

  private func steps(_ fixture: RunFixture, _ name: String) -> Int { (try? fixture.metrics(name).count) ?? 0 }

  private func lastLogLine(_ fixture: RunFixture, _ name: String) throws -> String {
    let text = try String(contentsOfFile: RunFolder(fixture.output(name)).logFile, encoding: .utf8)
    return try #require(text.split(separator: "\n").last.map(String.init))
  }

  @Test("A step that is interrupted between two passes changes no parameter")
  func droppedStep() throws {
    final class Random: BatchSource {
      func next() throws(Failure) -> PairBatch {
        let batch = PairBatch(count: 4, height: 32, width: 32, patchCount: 16)
        for index in 0..<batch.mask.count where index % 16 < 12 { batch.mask.pointer[index] = 1 }
        for index in 0..<batch.view1.count { batch.view1.pointer[index] = Float(index % 17) }
        return batch
      }
    }
    let configuration = try RunFixture().configuration(["compute.passes=2"])
    for interruptedPass in [1, 4, 8] {
      let trainer = try Trainer(
        configuration, stepsPerEpoch: 3, batches: Random(), groups: HostGroups(SingleProcessCommunicator()),
        pool: WorkerPool(workerCount: 2))
      let before = Array(trainer.parameters.values.elements)
      var (asked, seen) = (0, [Int]())
      var hooks = StepHooks()
      hooks.interruptions = {
        asked += 1
        return asked == interruptedPass ? .terminate : []
      }
      hooks.progress = { seen.append($0.passes) }
      let (report, flags) = try trainer.step(hooks)
      #expect(report == nil && flags.contains([.unfinished, .terminate]) && trainer.completedSteps == 0)
      #expect(seen == Array(0..<interruptedPass))
      #expect(Array(trainer.parameters.values.elements) == before)
    }
  }

  @Test("A pass that is called off drops the step, too")
  func calledOffPass() throws {
    let fixture = try RunFixture()
    let configuration = try fixture.configuration()
    let data = try RunData(
      RunContext(configuration, groups: HostGroups(SingleProcessCommunicator()), pool: WorkerPool(workerCount: 1)))
    let loader = try PairLoader(
      source: data.training, configuration: LoaderConfiguration(configuration), globalBatchSize: 16)
    let trainer = try Trainer(
      configuration, stepsPerEpoch: 3, batches: loader, groups: HostGroups(SingleProcessCommunicator()),
      pool: WorkerPool(workerCount: 2))
    var hooks = StepHooks()
    hooks.isCalledOff = { true }
    let (report, flags) = try trainer.step(hooks)
    #expect(report == nil && flags == .unfinished && trainer.completedSteps == 0)
  }

  @Test(
    "A signal is acknowledged, drops the step under way, saves the one before; the rest ends with the same bytes",
    arguments: [SIGINT, SIGTERM, SIGUSR1, SIGHUP])
  func signals(signal: Int32) throws {
    let fixture = try RunFixture()
    #expect(try train(fixture.arguments("whole", long)).status == 0)
    let process = try ChildProcess(try builtExecutable("croco"), fixture.arguments("run", long))
    #expect(process.wait(upTo: 30) { steps(fixture, "run") >= 1 })
    process.signal(signal)
    let stopped = process.finish(within: 30)
    let saved = try #require(Checkpoint.list(fixture.output("run") + "/checkpoints").last?.step)
    #expect(stopped.status == 75 && saved < 3 && saved == steps(fixture, "run"), "\(stopped)")
    #expect(stopped.errorOutput.contains("stopping after this micro-batch; a second Ctrl-C stops now."), "\(stopped)")
    let ending = "after step \(saved) of 3; the checkpoint is written. Start the same command again to go on."
    #expect(stopped.errorOutput.contains(ending), "\(stopped)")
    let last = try lastLogLine(fixture, "run")
    #expect(last.contains("Ended with code 75: Stopped by SIG") && last.hasSuffix(ending), "\(last)")
    #expect(try train(fixture.arguments("run", long)).status == 0)
    #expect(try fixture.digests("run", step: 3) == fixture.digests("whole", step: 3))
    #expect(try fixture.metrics("run") == fixture.metrics("whole"))
    #expect(try lastLogLine(fixture, "run").contains("Completed step 3 of 3"))
  }

  @Test("A signal before the first step is done leaves nothing, and says so; a second Ctrl-C ends the process at once")
  func beforeTheFirstStep() throws {
    let fixture = try RunFixture()
    // It takes its time to begin.
    let large = ["model.encoder_dim=512", "model.encoder_depth=12"]
    for count in [1, 2] {
      let name = "run \(count)"
      let log = RunFolder(fixture.output(name)).logFile
      let process = try ChildProcess(try builtExecutable("croco"), fixture.arguments(name, large))
      #expect(process.wait(upTo: 30) { FileManager.default.fileExists(atPath: log) })
      #expect(process.wait(upTo: 30) { (try? String(contentsOfFile: log, encoding: .utf8))?.isEmpty == false })
      process.signal(SIGINT)
      if count == 2 {
        #expect(process.wait(upTo: 30) { process.errorOutput.contains("stopping after this micro-batch") })
        process.signal(SIGINT)
      }
      let stopped = process.finish(within: 30)
      #expect(stopped.status == (count == 1 ? 75 : 128 + SIGINT), "\(stopped)")
      if count == 1 { #expect(stopped.errorOutput.contains("there is nothing to save"), "\(stopped)") }
      #expect(try Checkpoint.list(fixture.output(name) + "/checkpoints").isEmpty)
    }
  }

  @Test("The log ends with the code and the sentence: clock, loss that is not finite, hang")
  func endings() throws {
    let fixture = try RunFixture()
    let cases: [(String, [String], String)] = [
      ("clock", ["schedule.stop_after_minutes=1e-9"], "Ended with code 75: Stopped by schedule.stop_after_minutes"),
      (
        "infinite", ["optimizer.lr=1e30", "schedule.warmup_steps=0", "optimizer.clip_grad=null"],
        "Ended with code 70: The"
      ),
      ("hang", ["compute.hang_minutes=1e-6"], "Ended with code 70: Rank 0 of 1"),
    ]
    for (name, settings, expected) in cases {
      let result = try train(fixture.arguments(name, settings))
      // Where the watchdog's thread ends a run that goes on, a step may still write its line after the ending.
      let lines = try String(contentsOfFile: RunFolder(fixture.output(name)).logFile, encoding: .utf8).split(
        separator: "\n")
      let last = String(try #require(lines.last { $0.contains("Ended with code") }))
      #expect(last.contains(expected), "\(last)")
      let ending = try #require(RunEnding(logLine: last))
      #expect(ending.code == result.status && result.errorOutput.contains(ending.sentence), "\(result)")
    }
    // A run that is refused is not the end of the one before.
    let before = try lastLogLine(fixture, "clock")
    #expect(try train(fixture.arguments("clock", ["optimizer.lr=0.5"])).status == 78)
    #expect(RunEnding(logLine: try lastLogLine(fixture, "clock")) == RunEnding(logLine: before))
  }

  @Test("Steps that wait for data for more than a tenth of the time are warned of once, after the first step")
  func dataWait() throws {
    let configuration = try RunFixture().configuration()
    var said: [String] = []
    let log = try RunLog(path: nil) { level, text in if level == .warning { said.append(text) } }
    let context = try RunContext(
      configuration, groups: HostGroups(SingleProcessCommunicator()), pool: WorkerPool(workerCount: 1), log: log)
    var wait = DataWait()
    wait.add(waited: 90_000, of: 100_000)
    for _ in 0..<40 { wait.add(waited: 100, of: 2000) }
    #expect(!wait.hasNews)
    for _ in 0..<20 { wait.add(waited: 600, of: 2000) }
    #expect(wait.hasNews)
    try wait.tell(context)
    for _ in 0..<20 { wait.add(waited: 600, of: 2000) }
    #expect(!wait.hasNews && said.count == 1)
    #expect(said[0].hasPrefix("Steps wait for data: 30 % of the time of 10 steps. Raise data.loader_threads"))
  }

  @Test("The bar keeps to the terminal's width and shows micro-batches from the start", arguments: [50, 80, 200])
  func bar(columns: Int) throws {
    let fixture = try RunFixture()
    let result = try runProcess(
      try builtExecutable("croco"),
      fixture.arguments(
        "run",
        long + ["schedule.total_steps=200000"]
          + ["schedule.stop_after_steps=1"]), environment: ["CROCO_COLUMNS": "\(columns)"])
    #expect(result.status == 0, "\(result)")
    let drawn = result.errorOutput.components(separatedBy: "\r\u{1B}[K").map {
      $0.prefix { $0 != "\n" }
    }
    let bars = drawn.filter { $0.hasPrefix("training ") }
    #expect(bars.first?.contains("0/1 steps") == true && bars.count > 2, "\(bars)")
    #expect(bars.allSatisfy { $0.count < columns }, "\(bars)")
    #expect(bars.contains { $0.contains("micro-batch ") }, "\(bars)")
    if columns >= 80 { #expect(bars.contains { $0.contains("[#") }, "\(bars)") }
  }
}

/// Interrupted runs of several ranks.
@Suite(
  "Interrupted runs under mpirun", .serialized, .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
struct InterruptionMPITests {
  private let long = [
    "batch.global_batch_size=1024", "schedule.total_steps=3", "schedule.warmup_steps=1", "validation.every_steps=0",
    "checkpoints.every_steps=0", "compute.threads=1",
  ]

  @Test(
    "Where one rank alone receives the signal, all drop the step with it, also while they exchange",
    arguments: [(0, "off"), (2, "on")])
  func oneRank(rank: Int, overlap: String) throws {
    let fixture = try RunFixture()
    try fixture.run("whole", long)
    let process = try MPIRun.start(ranks: 3, "croco", fixture.arguments("run", long + ["compute.overlap=\(overlap)"]))
    #expect(process.wait(upTo: 60) { ((try? fixture.metrics("run").count) ?? 0) >= 1 })
    kill(try #require(try MPIRun.rankProcess(rank, with: fixture.output("run"))), SIGUSR1)
    let stopped = process.finish(within: 60)
    #expect(stopped.status == 75 && !stopped.isTimedOut, "\(stopped)")
    let saved = try #require(Checkpoint.list(fixture.output("run") + "/checkpoints").last?.step)
    #expect(saved < 3 && stopped.errorOutput.contains("Stopped by SIGUSR1 after step \(saved) of 3"), "\(stopped)")
    let rest = try MPIRun.run(ranks: 2, "croco", fixture.arguments("run", long))
    #expect(rest.status == 0, "\(rest)")
    #expect(try fixture.digests("run", step: 3) == fixture.digests("whole", step: 3))
  }
}
