import Collectives
import CroCoModel
import Foundation
import Kernels
import PairData
import RunFixtures
import Runtime
import Storage
import Synchronization
import SyntheticScenes
import TestSupport
import Testing
import Training

@Suite(.serialized) struct RunTests {
  private func caught(_ body: () throws -> Void) -> Failure? {
    do {
      try body()
      return nil
    } catch {
      return error as? Failure
    }
  }

  @Test("a run leaves configuration, metrics, log, checkpoints and the completion marker, and its loss falls")
  func runFolder() throws {
    let fixture = try RunFixture()
    let spoken = try fixture.run("run")
    let metrics = try fixture.metrics("run")
    #expect(metrics.map { $0["step"] } == (1...20).map { Double($0) })
    #expect(try #require(metrics[19]["loss"]) < 0.95 * #require(metrics[0]["loss"]))
    #expect(metrics.filter { $0["validation_loss"] != nil }.map { $0["step"] } == [10, 20])
    #expect(metrics.filter { ($0["reference_gain"] ?? 1) < 0.5 }.map { $0["step"] } == [10, 20])
    #expect(try Checkpoint.list(fixture.output("run") + "/checkpoints").map(\.step) == [5, 10, 15, 20])
    #expect(RunFolder(fixture.output("run")).isCompleted)
    let stored = try ConfigurationReader.read(path: fixture.output("run") + "/config.yaml")
    #expect(try stored == fixture.configuration())
    let step = try #require(spoken.lines.first { $0.hasPrefix("step 12/20") })
    let pattern =
      /step 12\/20 \| loss \d\.\d{4} \| grad norm \d\.\d\d \| lr 1\.2e-3 \| \d+ ms \| \d+\.\d pairs\/s \| \d+ s left/
    #expect(try pattern.wholeMatch(in: step) != nil, "\(step)")
    for start in [
      "croco trains in ", "1 rank x ", fixture.data + ": ", "20 steps, ",
    ] {
      #expect(spoken.lines.contains { $0.hasPrefix(start) }, "\(start)")
    }
    let log = try String(contentsOfFile: fixture.output("run") + "/log.txt", encoding: .utf8)
    #expect(spoken.lines.allSatisfy { log.contains($0) })
    // Started again, there is nothing to do, and nothing changes.
    let before = try fixture.digests("run", step: 20)
    #expect(try fixture.run("run").lines.contains { $0.hasPrefix("Nothing to do") })
    #expect(try fixture.digests("run", step: 20) == before)
  }

  @Test("the line of a step has the mean loss since the line before")
  func meanLoss() throws {
    let fixture = try RunFixture()
    let spoken = try fixture.run("run", ["logging.every_steps=4", "validation.every_steps=0"])
    let losses = try fixture.metrics("run").map { try #require($0["loss"]) }
    let line = try #require(spoken.lines.first { $0.hasPrefix("step 8/20") })
    let mean = losses[4..<8].reduce(0, +) / 4
    #expect(line.contains("| mean of 4: \(String(format: "%.4f", mean)) |"), "\(line)")
  }

  @Test("7 of 20 steps, then the rest, end with the bytes and metrics of 20 in one go, in the middle of an epoch")
  func resume() throws {
    let fixture = try RunFixture()
    try fixture.run("whole")
    let first = try fixture.run("parts", ["schedule.stop_after_steps=7"])
    let parts = RunFolder(fixture.output("parts"))
    #expect(!parts.isCompleted && FileSystem.exists(parts.stopMarker))
    let end = try #require(first.lines.last)
    #expect(end.hasPrefix("Stopped after step 7 of 20, as schedule.stop_after_steps says") && end.contains("to go on"))
    #expect(try Checkpoint.list(fixture.output("parts") + "/checkpoints").map(\.step) == [5, 7])
    let spoken = try fixture.run("parts")
    #expect(parts.isCompleted && !FileSystem.exists(parts.stopMarker))
    #expect(spoken.lines.contains { $0.contains("Going on after step 7") })
    #expect(try fixture.digests("parts", step: 20) == fixture.digests("whole", step: 20))
    #expect(try fixture.metrics("parts") == fixture.metrics("whole"))
  }

  @Test("one and two threads, with and without loader threads, end with the same bytes")
  func threads() throws {
    let fixture = try RunFixture()
    try fixture.run("one", ["compute.threads=1", "data.loader_threads=0"])
    try fixture.run("two", ["compute.threads=2", "data.loader_threads=2"])
    #expect(try fixture.digests("one", step: 20) == fixture.digests("two", step: 20))
    #expect(try fixture.metrics("one") == fixture.metrics("two"))
  }

  @Test(
    "bf16: one and two threads, stopped and resumed, end with the same bytes, near those of fp32",
    .enabled(
      if: MatrixProducts.bfloat16Obstacle == nil,
      Comment(rawValue: "no bf16 here: \(MatrixProducts.bfloat16Obstacle ?? "")")))
  func brainFloats() throws {
    let fixture = try RunFixture()
    let precision = "compute.precision=bf16"
    let spoken = try fixture.run("one", [precision, "compute.threads=1"])
    #expect(spoken.lines.contains { $0.contains("bf16 products by \(MatrixProducts.bfloat16 ?? "")") })
    try fixture.run("two", [precision, "compute.threads=2", "schedule.stop_after_steps=7"])
    try fixture.run("two", [precision, "compute.threads=2"])
    #expect(try fixture.digests("one", step: 20) == fixture.digests("two", step: 20))
    #expect(try fixture.metrics("one") == fixture.metrics("two"))
    try fixture.run("single")
    let (brain, single) = (try fixture.metrics("one"), try fixture.metrics("single"))
    for (first, second) in zip(brain, single) {
      let (mine, other) = (try #require(first["loss"]), try #require(second["loss"]))
      #expect(abs(mine - other) < 0.02 * other && mine != other)
    }
  }

  @Test("passes give the same losses, and end with the same bytes on any threads, resumed or not")
  func passes() throws {
    let fixture = try RunFixture()
    let passes = "compute.passes=2"
    try fixture.run("one", [passes, "compute.threads=1"])
    try fixture.run("two", [passes, "compute.threads=2", "schedule.stop_after_steps=7"])
    try fixture.run("two", [passes, "compute.threads=2"])
    #expect(try fixture.digests("one", step: 20) == fixture.digests("two", step: 20))
    #expect(try fixture.metrics("one") == fixture.metrics("two"))
    try fixture.run("whole")
    for (first, second) in zip(try fixture.metrics("one"), try fixture.metrics("whole")) {
      for name in ["loss", "grad_norm"] {
        let (mine, other) = (try #require(first[name]), try #require(second[name]))
        // The sums of fp32 are in another order; 20 steps carry the difference on.
        #expect(abs(mine - other) < 2e-5 * other, "\(name)")
      }
    }
  }

  @Test("a damaged newest checkpoint is passed over with its reason, and the run still ends with the same bytes")
  func damagedCheckpoint() throws {
    let fixture = try RunFixture()
    try fixture.run("whole")
    try fixture.run("run", ["schedule.stop_after_steps=12"])
    let damaged = fixture.output("run") + "/checkpoints/" + Checkpoint.name(ofStep: 12) + "/optimizer.safetensors"
    let handle = try #require(FileHandle(forUpdatingAtPath: damaged))
    try handle.seek(toOffset: 40_000)
    try handle.write(contentsOf: Data([0x5A]))
    try handle.close()
    // A folder without a state, as a foreign tool might leave it.
    let empty = fixture.output("run") + "/checkpoints/" + Checkpoint.name(ofStep: 19)
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
    let spoken = try fixture.run("run")
    #expect(spoken.warnings.contains { $0.contains("step-00000012") && $0.contains("is damaged") })
    #expect(spoken.warnings.contains { $0.contains("step-00000019") && $0.contains("state.json") })
    #expect(spoken.lines.contains { $0.contains("Going on after step 10") })
    #expect(try fixture.digests("run", step: 20) == fixture.digests("whole", step: 20))
  }

  @Test("damaged checkpoints of later steps cost no whole one its place, and are no reason to begin anew")
  func damageAndRetention() throws {
    let fixture = try RunFixture()
    let checkpoints = fixture.output("run") + "/checkpoints/"
    func damage(_ step: Int) throws {
      try Data("spoilt".utf8).write(
        to: URL(fileURLWithPath: checkpoints + Checkpoint.name(ofStep: step) + "/model.safetensors"))
    }
    try fixture.run("run", ["schedule.stop_after_steps=10"])
    try damage(10)
    try fixture.run("run", ["schedule.stop_after_steps=7", "checkpoints.keep=1"])
    #expect(try Checkpoint.list(checkpoints).map(\.step) == [7, 10])
    try damage(7)
    let failure = try #require(caught { try fixture.run("run") })
    #expect(failure.kind == .badData && failure.message.contains("step-00000007"))
    #expect(try fixture.metrics("run").count == 7)
  }

  @Test("a folder takes one run at a time")
  func lock() throws {
    let fixture = try RunFixture()
    let configuration = try fixture.configuration()
    let options = RunOptions(output: fixture.output("run"))
    let first = try TrainingRun(
      configuration, options: options, communicator: SingleProcessCommunicator()
    ) { _, _ in }
    let failure = try #require(caught { try fixture.run("run") })
    #expect(failure.kind == .interrupted && failure.message.contains("Another process"))
    try first.run()
  }

  @Test("a folder of other things is refused; one whose run came to no checkpoint is free")
  func folders() throws {
    let fixture = try RunFixture()
    try FileManager.default.createDirectory(atPath: fixture.output("photographs"), withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: fixture.output("photographs") + "/a.jpg"))
    #expect(caught { try fixture.run("photographs") }?.kind == .usage)
    #expect(caught { try fixture.run("run", ["model.image_size=224"]) }?.kind == .badData)
    try fixture.run("run", ["schedule.stop_after_steps=1"])
  }

  @Test("a run that starts where another ended has that checkpoint of its own")
  func startAtTheEnd() throws {
    let fixture = try RunFixture()
    try fixture.run("run", ["schedule.stop_after_steps=5"])
    let path = fixture.output("run") + "/checkpoints/" + Checkpoint.name(ofStep: 5)
    try fixture.run("other", ["schedule.stop_after_steps=5"], resume: .checkpoint(path))
    #expect(try fixture.digests("other", step: 5) == fixture.digests("run", step: 5))
  }

  @Test("a folder with a run of another configuration is refused with the differing keys")
  func anotherConfiguration() throws {
    let fixture = try RunFixture()
    try fixture.run("run", ["schedule.stop_after_steps=2"])
    let failure = try #require(caught { try fixture.run("run", ["optimizer.weight_decay=0.1", "compute.threads=1"]) })
    #expect(failure.kind == .configuration)
    #expect(failure.message.hasSuffix("another configuration: optimizer.weight_decay (0.05 there, 0.1 now)."))
  }

  @Test("--resume none refuses a folder with checkpoints; --resume PATH starts from another run's state")
  func resumeChoices() throws {
    let fixture = try RunFixture()
    try fixture.run("run", ["schedule.stop_after_steps=7"])
    #expect(caught { try fixture.run("run", resume: .never) }?.kind == .usage)
    let path = fixture.output("run") + "/checkpoints/" + Checkpoint.name(ofStep: 7)
    try fixture.run("other", resume: .checkpoint(path))
    try fixture.run("run")
    #expect(try fixture.digests("other", step: 20) == fixture.digests("run", step: 20))
    #expect(caught { try fixture.run("run", resume: .checkpoint(path)) }?.kind == .usage)
    #expect(caught { try fixture.run("third", resume: .checkpoint("/nowhere")) }?.kind == .noInput)
    // The same command again, after a stop.
    try fixture.run("fourth", ["schedule.stop_after_steps=9"], resume: .checkpoint(path))
    let spoken = try fixture.run("fourth", resume: .checkpoint(path))
    #expect(spoken.lines.contains { $0.contains("Going on after step 9 from \(fixture.output("fourth"))") })
  }

  @Test("a run goes on from a run folder, its checkpoints, one of these or a file of one, and not from weights alone")
  func resumePlaces() throws {
    let fixture = try RunFixture()
    try fixture.run("run", ["schedule.stop_after_steps=5"])
    let (run, checkpoint) = (
      fixture.output("run"), fixture.output("run") + "/checkpoints/" + Checkpoint.name(ofStep: 5)
    )
    for (number, place) in [run, run + "/checkpoints", checkpoint, checkpoint + "/model.safetensors"].enumerated() {
      let spoken = try fixture.run("\(number)", ["schedule.stop_after_steps=6"], resume: .checkpoint(place))
      #expect(spoken.lines.contains { $0.contains("Going on after step 5") }, "\(place)")
    }
    let weights = fixture.output("weights.safetensors")
    try FileManager.default.copyItem(atPath: checkpoint + "/model.safetensors", toPath: weights)
    let failure = try #require(caught { try fixture.run("weights", resume: .checkpoint(weights)) })
    #expect(failure.kind == .usage && failure.message.contains("weights alone"))
  }

  @Test("a checkpoint of another course is refused with the keys that differ, and so is a run beyond its end")
  func anotherCourse() throws {
    let fixture = try RunFixture()
    try fixture.run("run", ["schedule.stop_after_steps=5"])
    let settings = ["loss.kind=l1", "batch.micro_batch_size=2", "compute.threads=1"]
    let failure = try #require(
      caught { try fixture.run("other", settings, resume: .checkpoint(fixture.output("run"))) })
    #expect(
      failure.kind == .configuration
        && failure.message.hasSuffix(
          "is of another run: loss.kind (l2 there, l1 now), batch.micro_batch_size (4 there, 2 now)."),
      "\(failure)")
    #expect(!RunFolder(fixture.output("other")).isCompleted)
    let beyond = try #require(caught { try fixture.run("run", ["schedule.stop_after_steps=4"]) })
    #expect(beyond.kind == .configuration && beyond.message.contains("Step 5 is reached already"), "\(beyond)")
    #expect(!RunFolder(fixture.output("run")).isCompleted)
  }

  @Test("a checkpoint of another size is refused with the names of its tensors")
  func checkpointOfAnotherSize() throws {
    let fixture = try RunFixture()
    try fixture.run("run", ["schedule.stop_after_steps=5"])
    let path = fixture.output("run") + "/checkpoints/" + Checkpoint.name(ofStep: 5)
    for (override, expected) in [
      ("model.decoder_dim=48", "mask_token is F32 [1, 1, 24], not F32 [1, 1, 48]"),
      ("model.decoder_depth=1", "not in the network: dec_blocks.1."),
      ("model.encoder_depth=3", "missing: enc_blocks.2."),
      ("model.position_embedding=RoPE100", "not in the network: "),
    ] {
      let heads = override.contains("RoPE") ? ["model.decoder_heads=2"] : []
      let model = try fixture.configuration([override] + heads).model
      let parameters = CroCoNet.makeParameters(model)
      let moments = Moments(count: parameters.count)
      let failure = try #require(
        caught { try Checkpoint(path: path).restore(parameters, moments, buffers: CroCoNet.buffers(model)) })
      #expect(failure.kind == .badData && failure.message.contains(expected), "\(failure)")
    }
  }

  @Test("another data set under the same path is refused")
  func anotherDataSet() throws {
    let fixture = try RunFixture()
    try fixture.run("run", ["schedule.stop_after_steps=5"])
    let other = fixture.folder.path + "/other"
    let options = SceneSynthesizer.Options(
      pairs: 30, size: 36, seed: 4, pairsPerScene: 2, samplesPerAxis: 1, storesFlow: false)
    _ = try SceneSynthesizer(options: options).write(
      to: other, as: DatasetOptions(codec: .png, validationFraction: 0.2), pool: WorkerPool(workerCount: 1))
    let failure = try #require(caught { try fixture.run("run", ["data.path=\(other)"]) })
    #expect(failure.kind == .configuration && failure.message.contains("data.path (another data set: "))
  }

  @Test("the newest checkpoints stay, as many as asked for")
  func keep() throws {
    let fixture = try RunFixture()
    try fixture.run("run", ["checkpoints.keep=2", "checkpoints.every_steps=3"])
    #expect(try Checkpoint.list(fixture.output("run") + "/checkpoints").map(\.step) == [18, 20])
    let left = try FileManager.default.contentsOfDirectory(atPath: fixture.output("run") + "/checkpoints")
    #expect(left.count == 2)
  }

  @Test("checkpoints by time, and a run whose time is up stops with one")
  func byTime() throws {
    let fixture = try RunFixture()
    try fixture.run(
      "often", ["checkpoints.every_steps=0", "checkpoints.every_minutes=1e-9", "schedule.stop_after_steps=4"])
    #expect(try Checkpoint.list(fixture.output("often") + "/checkpoints").map(\.step) == [1, 2, 3, 4])
    let stopped = try #require(caught { try fixture.run("short", ["schedule.stop_after_minutes=1e-9"]) })
    #expect(stopped.kind == .interrupted && stopped.message.contains("stop_after_minutes after step 1 of 20"))
    #expect(try Checkpoint.list(fixture.output("short") + "/checkpoints").map(\.step) == [1])
    try fixture.run("short")
    try fixture.run("whole")
    #expect(try fixture.digests("short", step: 20) == fixture.digests("whole", step: 20))
    guard case .checkpoint(let newest, _) = try TrainedSource(fixture.output("short")) else { return }
    #expect(newest.state.step == 20)
  }

  /// Notes the steps that it is told of, and throws at one of them.
  private final class Note: RunObserver {
    let audience: RunAudience
    private(set) var steps: [Int] = []
    private(set) var ends = 0
    private let badStep: Int?

    init(_ audience: RunAudience, badStep: Int? = nil) { (self.audience, self.badStep) = (audience, badStep) }

    func run(didStep report: StepReport) throws(Failure) {
      steps.append(report.step)
      if report.step == badStep { throw Failure(.inputOutput, "Step \(report.step) is not to be noted.") }
    }

    func runDidEnd() { ends += 1 }
  }

  @Test("observers follow every step of this process, and hear of the end")
  func observers() throws {
    let fixture = try RunFixture()
    try fixture.run("run", ["schedule.stop_after_steps=3"])
    let notes = [Note(.firstRank), Note(.everyRank)]
    try fixture.run("run", ["schedule.stop_after_steps=6"]) { run in for note in notes { run.add(note) } }
    for note in notes { #expect(note.steps == [4, 5, 6] && note.ends == 1) }
  }

  @Test("what rank 0's observer throws ends the run before the next update, but costs no checkpoint")
  func failingObserver() throws {
    let fixture = try RunFixture()
    for (audience, badStep, checkpoints) in [
      (RunAudience.firstRank, 5, [5]), (.firstRank, 7, [5, 7]), (.everyRank, 7, [5]),
    ] {
      let name = "\(audience) \(badStep)"
      let note = Note(audience, badStep: badStep)
      let failure = caught { try fixture.run(name, ["schedule.stop_after_steps=7"]) { $0.add(note) } }
      #expect(failure == Failure(.inputOutput, "Step \(badStep) is not to be noted."))
      #expect(note.steps.last == badStep && note.ends == 1)
      #expect(try Checkpoint.list(fixture.output(name) + "/checkpoints").map(\.step) == checkpoints)
      #expect(try fixture.metrics(name).count == badStep)
    }
  }

  @Test("the watchdog bites once when nothing is noted for too long, names the phase, and can be called off")
  func watchdog() {
    let alone = SingleProcessCommunicator()
    let sentences = Mutex<[String]>([])
    let bitten = DispatchSemaphore(value: 0)
    let hanging = Watchdog(.minutes(0.05 / 60), communicator: alone) { sentence in
      sentences.withLock { $0.append(sentence) }
      bitten.signal()
    }
    hanging.note("step 7")
    let quiet = Watchdog(.minutes(0.05 / 60), communicator: alone) { sentence in
      sentences.withLock { $0.append("stopped " + sentence) }
    }
    quiet.stop()
    #expect(bitten.wait(timeout: .now() + 20) == .success)
    let said = sentences.withLock { $0 }
    #expect(said.count == 1 && said[0].hasPrefix("Rank 0 of 1 (") && said[0].hasSuffix("s: step 7."), "\(said)")
  }

  @Test("what a killed writer left is removed, and metrics after the restored step are cut off")
  func leftovers() throws {
    let fixture = try RunFixture()
    try fixture.run("whole")
    try fixture.run("run", ["schedule.stop_after_steps=7"])
    let leftover = fixture.output("run") + "/checkpoints/step-00000009.tmp-123"
    try FileManager.default.createDirectory(atPath: leftover, withIntermediateDirectories: true)
    let metrics = fixture.output("run") + "/metrics.jsonl"
    let text = try String(contentsOfFile: metrics, encoding: .utf8)
    try (text + "{\"step\":8,\"loss\":9}\n{\"step\":9,\"lo").write(toFile: metrics, atomically: true, encoding: .utf8)
    try fixture.run("run")
    #expect(!FileManager.default.fileExists(atPath: leftover))
    #expect(try fixture.metrics("run") == fixture.metrics("whole"))
  }

  @Test("a batch that cannot be used ends the step before the update, with its own sentence")
  func badBatch() throws {
    final class Broken: BatchSource {
      func next() throws(Failure) -> PairBatch { throw Failure(.badData, "Pair 3 is damaged.") }
    }
    let fixture = try RunFixture()
    let trainer = try Trainer(
      fixture.configuration(), stepsPerEpoch: 3, batches: Broken(), groups: HostGroups(SingleProcessCommunicator()),
      pool: WorkerPool(workerCount: 1))
    #expect(caught { _ = try trainer.step() } == Failure(.badData, "Pair 3 is damaged."))
    #expect(trainer.completedSteps == 0)
  }

  @Test("a loss that is not a number stops before the update")
  func notFinite() throws {
    final class NotANumber: BatchSource {
      func next() throws(Failure) -> PairBatch {
        let batch = PairBatch(count: 4, height: 32, width: 32, patchCount: 16)
        for index in 0..<batch.mask.count where index % 16 < 12 { batch.mask.pointer[index] = 1 }
        batch.view2.pointer[5] = .nan
        return batch
      }
    }
    let fixture = try RunFixture()
    let trainer = try Trainer(
      fixture.configuration(), stepsPerEpoch: 3, batches: NotANumber(), groups: HostGroups(SingleProcessCommunicator()),
      pool: WorkerPool(workerCount: 1))
    let before = Array(trainer.parameters.values.elements)
    let failure = try #require(caught { _ = try trainer.step() })
    #expect(failure.kind == .internalError && failure.message.hasPrefix("The loss of micro-batch 0 of step 1 is nan"))
    #expect(Array(trainer.parameters.values.elements) == before)
  }

  @Test("equal parameters give equal weights files, which read back strictly")
  func weightsFile() throws {
    let fixture = try RunFixture()
    let model = try fixture.configuration().model
    let pool = WorkerPool(workerCount: 1)
    let paths = try [1, 1, 2].enumerated().map { place, seed in
      let parameters = CroCoNet.makeParameters(model)
      parameters.initialize(seed: UInt64(seed), pool: pool)
      let path = fixture.output("\(place).safetensors")
      try Checkpoint.writeWeights(parameters, buffers: CroCoNet.buffers(model), configuration: model, to: path)
      return path
    }
    let contents = try paths.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
    #expect(contents[0] == contents[1] && contents[0] != contents[2])
    let read = CroCoNet.makeParameters(model)
    try Checkpoint.readWeights(SafetensorsReader(path: paths[2]), into: read, buffers: CroCoNet.buffers(model))
    let expected = CroCoNet.makeParameters(model)
    expected.initialize(seed: 2, pool: pool)
    #expect(Array(read.values.elements) == Array(expected.values.elements))
    #expect(try SafetensorsReader(path: paths[0]).metadata["croco_kwargs"] == model.officialArgumentsJSON)
  }
}
