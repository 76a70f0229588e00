import Foundation
import Kernels
import RunFixtures
import TestSupport
import Testing
import Training

/// `croco train` as users start it: alone and under mpirun, stopped and killed.
@Suite("croco train", .serialized) struct TrainProcessTests {
  /// A step of some 30 ms, so that a signal meets a run in the middle.
  private let slow = [
    "model.encoder_dim=96", "model.encoder_depth=4", "model.decoder_dim=96", "batch.global_batch_size=32",
  ]

  private func train(_ arguments: [String]) throws -> ProcessResult {
    try runProcess(try builtExecutable("croco"), arguments)
  }

  private func steps(_ fixture: RunFixture, _ name: String) -> Int { (try? fixture.metrics(name).count) ?? 0 }

  @Test(
    "SIGTERM, SIGINT and SIGUSR1 write a checkpoint and exit with 75; the rest ends with the same bytes",
    arguments: [SIGTERM, SIGINT, SIGUSR1])
  func signals(signal: Int32) throws {
    let fixture = try RunFixture()
    #expect(try train(fixture.arguments("whole", slow)).status == 0)
    let process = try ChildProcess(try builtExecutable("croco"), fixture.arguments("run", slow))
    #expect(process.wait(upTo: 30) { steps(fixture, "run") >= 7 })
    process.signal(signal)
    let stopped = process.finish(within: 30)
    #expect(stopped.status == 75, "\(stopped)")
    #expect(stopped.errorOutput.contains("Stopped by SIG"))
    let last = try #require(Checkpoint.list(fixture.output("run") + "/checkpoints").last?.step)
    #expect(last >= 7 && last < 20 && steps(fixture, "run") == last)
    #expect(!RunFolder(fixture.output("run")).isCompleted)
    #expect(try train(fixture.arguments("run", slow)).status == 0)
    #expect(try fixture.digests("run", step: 20) == fixture.digests("whole", step: 20))
  }

  @Test("kill -9 after a checkpoint loses the steps after it, and the rest ends with the same bytes")
  func kill() throws {
    let fixture = try RunFixture()
    #expect(try train(fixture.arguments("whole", slow)).status == 0)
    let process = try ChildProcess(try builtExecutable("croco"), fixture.arguments("run", slow))
    let first = fixture.output("run") + "/checkpoints/" + Checkpoint.name(ofStep: 5)
    #expect(process.wait(upTo: 30) { steps(fixture, "run") >= 7 && FileManager.default.fileExists(atPath: first) })
    process.signal(SIGKILL)
    #expect(process.finish(within: 30).status == 128 + SIGKILL)
    let again = try train(fixture.arguments("run", slow))
    #expect(again.status == 0 && again.output.contains("Going on after step"))
    #expect(try fixture.digests("run", step: 20) == fixture.digests("whole", step: 20))
    #expect(try fixture.metrics("run") == fixture.metrics("whole"))
  }

  @Test("--dry-run prints a configuration that reads back, with counts, and writes nothing")
  func dryRun() throws {
    let fixture = try RunFixture()
    let result = try train(fixture.arguments("run") + ["--dry-run"])
    #expect(result.status == 0 && !FileManager.default.fileExists(atPath: fixture.output("run")))
    let text = try #require(result.output.components(separatedBy: "\nparameters ").first)
    #expect(try ConfigurationReader.parse(text, name: "printed") == fixture.configuration())
    #expect(result.output.contains("memory of a rank") && result.output.contains("GFLOP"))
    #expect(result.output.contains(/pairs +\d+ pairs to train on, each in both orders; \d+ held out\n/), "\(result)")
    #expect(result.output.contains(/steps +[\d.]+ an epoch; 20 in all, which are [\d.]+ epochs\n/), "\(result)")
    #expect(result.output.contains(#/time +about \d+ ms a step, \d+ ms for each of 2 validations and \d/#), "\(result)")
    // What the run would fail with, it fails with as well.
    for (override, status) in [("data.path=/nowhere", 66), ("data.path=null", 78), ("model.image_size=64", 65)] {
      #expect(try train(fixture.arguments("run", [override]) + ["--dry-run"]).status == Int32(status), "\(override)")
    }
  }

  @Test("--print-config needs no data, and a preset no file")
  func printedConfiguration() throws {
    let result = try train(["train", "--preset", "croco_v1_small", "--set", "seed=5", "--print-config"])
    let configuration = try ConfigurationReader.parse(result.output, name: "printed")
    #expect(result.status == 0 && configuration.seed == 5 && configuration.model.encoderDimension == 384)
    for arguments in [["--print-config"], ["--preset", "croco_v1_base", "--config", "a.yaml", "--print-config"]] {
      let refused = try train(["train"] + arguments)
      #expect(
        refused.status == 64 && refused.errorOutput.hasPrefix("croco: Give either --config FILE or --preset NAME."))
    }
  }

  @Test("a run that --max-steps stops is not completed, says how to go on, and is refused beyond its step")
  func stopsEarly() throws {
    let fixture = try RunFixture()
    for steps in [3, 3, 5] {
      let result = try train(fixture.arguments("run") + ["--max-steps", "\(steps)"])
      #expect(result.status == 0 && result.output.contains("Stopped after step \(steps) of 20, as --max-steps says"))
      #expect(!RunFolder(fixture.output("run")).isCompleted)
    }
    let refused = try train(fixture.arguments("run") + ["--max-steps", "3"])
    #expect(refused.status == 78 && refused.errorOutput.contains("Give a larger --max-steps, or none."), "\(refused)")
  }

  @Test("bad starts give one sentence and the documented exit code")
  func badStarts() throws {
    let fixture = try RunFixture()
    let file = fixture.output("file")
    try Data().write(to: URL(fileURLWithPath: file))
    let cases: [([String], Int32, String)] = [
      (fixture.arguments("a", ["model.encodr_dim=3"]), 78, "unknown key model.encodr_dim"),
      (fixture.arguments("a", ["data.path=/nowhere"]), 66, "/nowhere"),
      (fixture.arguments("a", ["data.path=null"]), 78, "data.path is not set"),
      (fixture.arguments("a", ["model.image_size=64"]), 65, "less than the crop"),
      (fixture.arguments("file"), 74, "Cannot write"),
      (["train", "--config", "/nowhere.yaml", "--output", file], 66, "/nowhere.yaml"),
      (["train", "--config", "/nowhere.yaml"], 64, "--output"),
    ]
    for (arguments, status, text) in cases {
      let result = try train(arguments)
      #expect(result.status == status, "\(arguments): \(result)")
      #expect(result.errorOutput.contains(text), "\(result)")
      if status != 64 { #expect(result.errorOutput.split(separator: "\n").count == 1, "\(result)") }
    }
  }

  @Test(
    "With the libraries' products, bf16 without a usable oneDNN is refused with one sentence, and fp32 runs without it")
  func missingOneDNN() throws {
    let fixture = try RunFixture()
    // The loader takes the first file of the name, and this one is no library.
    let libraries = try TemporaryFolder()
    for name in ["libdnnl.so", "libdnnl.so.2", "libdnnl.so.3"] {
      try Data("no library".utf8).write(to: URL(fileURLWithPath: libraries.path + "/" + name))
    }
    let environment = ["LD_LIBRARY_PATH": libraries.path, "CROCO_GEMM": "library"]
    let croco = try builtExecutable("croco")
    let refused = try runProcess(
      croco, fixture.arguments("run", ["compute.precision=bf16"]), environment: environment)
    #expect(refused.status == 78, "\(refused)")
    #expect(refused.errorOutput.contains("compute.precision bf16 is not possible"), "\(refused)")
    let short = fixture.arguments("run", ["schedule.stop_after_steps=1"])
    #expect(try runProcess(croco, short, environment: environment).status == 0)
  }

  @Test("The libraries' products train as croco's own do", arguments: ["fp32", "bf16"])
  func libraries(precision: String) throws {
    if precision == "bf16" && OneDNN.obstacle != nil { return }
    let fixture = try RunFixture()
    for name in ["own", "library"] {
      let result = try runProcess(
        try builtExecutable("croco"), fixture.arguments(name, ["compute.precision=\(precision)"]),
        environment: name == "library" ? ["CROCO_GEMM": "library"] : [:])
      #expect(result.status == 0, "\(result)")
      if name == "library" {
        #expect(result.output.contains("products by \(precision == "fp32" ? "OpenBLAS" : "oneDNN")"), "\(result)")
      }
    }
    for (first, second) in zip(try fixture.metrics("own"), try fixture.metrics("library")) {
      let (mine, other) = (try #require(first["loss"]), try #require(second["loss"]))
      #expect(abs(mine - other) < (precision == "fp32" ? 2e-5 : 0.01) * other)
    }
  }

  @Test("A run that goes on with other products says so, and one that goes on with the same does not")
  func otherProducts() throws {
    let fixture = try RunFixture()
    let croco = try builtExecutable("croco")
    for (steps, products, isOther) in [(2, "library", false), (4, "library", false), (6, "own", true)] {
      let result = try runProcess(
        croco, fixture.arguments("run", ["schedule.stop_after_steps=\(steps)"]), environment: ["CROCO_GEMM": products])
      #expect(result.status == 0, "\(result)")
      // Without AVX-512 the libraries are all there is.
      let expects = isOther && !MatrixProducts.floatIsOpenBLAS
      #expect(result.errorOutput.contains("was computed with fp32 products by OpenBLAS") == expects, "\(result)")
    }
  }

  @Test("OPENBLAS_CORETYPE, where OpenBLAS multiplies, and too many threads are warned of")
  func warnings() throws {
    let fixture = try RunFixture()
    let result = try runProcess(
      try builtExecutable("croco"), fixture.arguments("run", ["compute.threads=1000", "schedule.stop_after_steps=1"]),
      environment: ["OPENBLAS_CORETYPE": "Haswell", "CROCO_GEMM": "library"])
    #expect(result.status == 0)
    #expect(result.errorOutput.contains("OPENBLAS_CORETYPE=Haswell"))
    #expect(result.errorOutput.contains("1000 threads share"))
  }
}

/// `croco train` under mpirun.
@Suite("croco train under mpirun", .serialized, .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
struct TrainMPITests {
  private let one = ["compute.threads=1"]

  @Test("1, 2 and 4 ranks end with the bytes and metrics of the single process")
  func ranks() throws {
    let fixture = try RunFixture()
    try fixture.run("alone")
    for ranks in [1, 2, 4] {
      let name = "on \(ranks)"
      let result = try MPIRun.run(
        ranks: ranks, "croco", fixture.arguments(name, one + ["compute.compare_parameters_every_steps=3"]))
      #expect(result.status == 0, "\(result)")
      #expect(try fixture.digests(name, step: 20) == fixture.digests("alone", step: 20))
      #expect(try fixture.metrics(name) == fixture.metrics("alone"))
    }
  }

  @Test(
    "a whole optimiser on each rank gives the bytes of a sharded one, and either goes on with the other's checkpoint")
  func wholeOptimizer() throws {
    let fixture = try RunFixture()
    try fixture.run("alone")
    for (steps, isSharded) in [(6, true), (13, false), (20, true)] {
      let settings = ["schedule.stop_after_steps=\(steps)", "compute.shard_optimizer=\(isSharded)"]
      let result = try MPIRun.run(ranks: 2, "croco", fixture.arguments("changing", one + settings))
      #expect(result.status == 0, "\(result)")
    }
    #expect(try fixture.digests("changing", step: 20) == fixture.digests("alone", step: 20))
    #expect(try fixture.metrics("changing") == fixture.metrics("alone"))
  }

  @Test("plain MPI sums train the same parameters on all ranks, with either optimiser, and nearly those of one process")
  func plainReduction() throws {
    let fixture = try RunFixture()
    try fixture.run("alone")
    let settings = one + ["compute.reduction=mpi", "compute.compare_parameters_every_steps=1"]
    for isSharded in [true, false] {
      let arguments = fixture.arguments("sharded \(isSharded)", settings + ["compute.shard_optimizer=\(isSharded)"])
      let result = try MPIRun.run(ranks: 2, "croco", arguments)
      #expect(result.status == 0, "\(result)")
    }
    #expect(try fixture.digests("sharded true", step: 20) == fixture.digests("sharded false", step: 20))
    for (mine, other) in zip(try fixture.metrics("sharded true"), try fixture.metrics("alone")) {
      let (loss, expected) = (try #require(mine["loss"]), try #require(other["loss"]))
      #expect(abs(loss - expected) < 2e-5 * expected)
    }
  }

  // Some 2.4 million parameters: several buckets, and several slices of each rank.
  private let wide = [
    "model.encoder_dim=256", "model.encoder_heads=8", "model.decoder_dim=160", "model.decoder_heads=5",
    "schedule.total_steps=8",
  ]

  @Test(
    "Three ranks that share micro-batches unevenly end with the bytes and metrics of one, with either optimiser",
    arguments: [(4, true, "fp32"), (4, false, "fp32"), (2, true, "bf16"), (2, false, "fp32")])
  func unevenShares(microBatchSize: Int, isSharded: Bool, precision: String) throws {
    if precision == "bf16", MatrixProducts.bfloat16Obstacle != nil { return }
    let fixture = try RunFixture()
    let settings =
      one + wide + [
        "batch.micro_batch_size=\(microBatchSize)", "compute.shard_optimizer=\(isSharded)",
        "compute.precision=\(precision)", "compute.compare_parameters_every_steps=4",
      ]
    try fixture.run("alone", settings)
    let result = try MPIRun.run(ranks: 3, "croco", fixture.arguments("on 3", settings))
    #expect(result.status == 0, "\(result)")
    let remark = "3 ranks share the \(16 / microBatchSize) micro-batches of a step unevenly"
    #expect(result.output.contains(remark), "\(result)")
    #expect(try fixture.digests("on 3", step: 8) == fixture.digests("alone", step: 8))
    #expect(try fixture.metrics("on 3") == fixture.metrics("alone"))
  }

  @Test("A run goes on with another number of ranks, each of which owns other parameters, to the same bytes")
  func otherOwners() throws {
    let fixture = try RunFixture()
    try fixture.run("alone", wide)
    for (steps, ranks, isSharded) in [(2, 3, true), (4, 2, true), (6, 3, false), (8, 4, true)] {
      let settings = ["schedule.stop_after_steps=\(steps)", "compute.shard_optimizer=\(isSharded)"]
      let result = try MPIRun.run(ranks: ranks, "croco", fixture.arguments("changing", one + wide + settings))
      #expect(result.status == 0, "\(result)")
    }
    #expect(try fixture.digests("changing", step: 8) == fixture.digests("alone", step: 8))
    #expect(try fixture.metrics("changing") == fixture.metrics("alone"))
  }

  @Test(
    "bf16: 1 and 2 ranks end with the same bytes",
    .enabled(
      if: MatrixProducts.bfloat16Obstacle == nil,
      Comment(rawValue: "no bf16 here: \(MatrixProducts.bfloat16Obstacle ?? "")")))
  func brainFloats() throws {
    let fixture = try RunFixture()
    let brain = one + ["compute.precision=bf16"]
    try fixture.run("alone", brain)
    let result = try MPIRun.run(ranks: 2, "croco", fixture.arguments("on 2", brain))
    #expect(result.status == 0, "\(result)")
    #expect(try fixture.digests("on 2", step: 20) == fixture.digests("alone", step: 20))
  }

  @Test("SIGUSR1 to mpirun stops all ranks after a checkpoint, and another number of ranks goes on to the same bytes")
  func signal() throws {
    let fixture = try RunFixture()
    let slow = one + ["model.encoder_dim=96", "model.encoder_depth=4", "batch.global_batch_size=32"]
    try fixture.run("alone", slow)
    let process = try MPIRun.start(ranks: 2, "croco", fixture.arguments("run", slow))
    #expect(process.wait(upTo: 60) { ((try? fixture.metrics("run").count) ?? 0) >= 7 })
    process.signal(SIGUSR1)
    let stopped = process.finish(within: 60)
    #expect(stopped.status == 75 && !stopped.isTimedOut, "\(stopped)")
    #expect(stopped.errorOutput.components(separatedBy: "Stopped by SIGUSR1").count == 2)
    let rest = try MPIRun.run(ranks: 4, "croco", fixture.arguments("run", slow))
    #expect(rest.status == 0 && rest.output.contains("Going on after step"), "\(rest)")
    #expect(try fixture.digests("run", step: 20) == fixture.digests("alone", step: 20))
  }

  @Test("three ranks for two micro-batches, a missing folder, a rank without data: one sentence, no hang")
  func badStarts() throws {
    let fixture = try RunFixture()
    let cases: [(Int, [String], Int32, String)] = [
      (
        3, fixture.arguments("a", ["batch.micro_batch_size=8"]), 78,
        "3 ranks cannot share the 2 micro-batches of a step. Start at most 2, or"
      ),
      (2, fixture.arguments("a", ["data.path=/nowhere"]), 66, "/nowhere"),
      (2, fixture.arguments("a", ["seed=x"]), 78, "seed: expected an integer"),
      (
        2, fixture.arguments("a", ["optimizer.lr=1e30", "schedule.warmup_steps=0", "optimizer.clip_grad=null"]), 70,
        "all ranks stop"
      ),
    ]
    for (ranks, arguments, status, text) in cases {
      let result = try MPIRun.run(ranks: ranks, "croco", arguments)
      #expect(result.status == status && !result.isTimedOut, "\(result)")
      #expect(result.errorOutput.components(separatedBy: "croco: ").count == 2, "\(result)")
      #expect(result.errorOutput.contains(text), "\(result)")
    }
  }

  @Test("a damaged image met by one rank in the middle of the run ends all ranks with one sentence that names it")
  func damagedImage() throws {
    let fixture = try RunFixture()
    let shard = fixture.data + "/train-00000.h5"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: shard))
    bytes[bytes.count / 2] ^= 0x55
    try bytes.write(to: URL(fileURLWithPath: shard))
    let result = try MPIRun.run(ranks: 4, "croco", fixture.arguments("run", one))
    #expect(result.status == 65 && !result.isTimedOut, "\(result)")
    #expect(result.errorOutput.components(separatedBy: "croco: Rank ").count == 2, "\(result)")
    #expect(result.errorOutput.contains("train-00000.h5"))
  }

  @Test("a rank that cannot read the data ends all ranks with one sentence that names rank and host")
  func rankWithoutData() throws {
    let fixture = try RunFixture()
    let croco = try builtExecutable("croco")
    let script = fixture.output("start.sh")
    let arguments = fixture.arguments("run", one).map { "'\($0)'" }.joined(separator: " ")
    let text = """
      #!/bin/sh
      [ "$OMPI_COMM_WORLD_RANK" = 2 ] && exec '\(croco)' \(arguments) --set data.path=/nowhere
      exec '\(croco)' \(arguments)
      """
    try text.write(toFile: script, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
    let process = try ChildProcess(
      try #require(MPIRun.path), Array(MPIRun.arguments(ranks: 4, script, [])), environment: MPIRun.environment)
    let result = process.finish(within: 60)
    #expect(result.status == 66 && !result.isTimedOut, "\(result)")
    #expect(result.errorOutput.components(separatedBy: "croco: ").count == 2, "\(result)")
    #expect(result.errorOutput.contains("croco: Rank 2 of 4 (") && result.errorOutput.contains("/nowhere"))
  }
}
