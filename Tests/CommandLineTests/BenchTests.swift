import CroCoModel
import Foundation
import TestSupport
import Testing

/// `croco bench`: what it prints hangs together. How fast the machine is, no test may say.
@Suite(.serialized) struct BenchTests {
  let fixture: CommandLineFixture

  init() throws { fixture = try CommandLineFixture.shared.get() }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
  }

  private func bench(_ arguments: [String]) throws -> [String: Any] {
    try object(try CommandLineFixture.succeed(["bench"] + arguments + ["--json"]))
  }

  private func number(_ object: [String: Any], _ key: String, _ inner: String = "median") throws -> Double {
    try #require((object[key] as? [String: Double])?[inner], "\(key).\(inner)")
  }

  @Test("step reports rates, stages, work and memory that agree with each other")
  func step() throws {
    let result = try bench(["step", "--config", fixture.configuration, "--steps", "10"])
    let milliseconds = try number(result, "step_milliseconds")
    let stages = try #require(result["stage_milliseconds"] as? [String: [String: Double]])
    #expect(Set(stages.keys) == ["data", "forward", "backward", "reduce", "optimizer"])
    let fastest = try number(result, "step_milliseconds", "best")
    #expect(stages.values.reduce(0) { $0 + ($1["best"] ?? .infinity) } <= fastest)
    #expect(abs(try number(result, "pairs_per_second") * milliseconds / 16_000 - 1) < 1e-9)
    let work = try #require(result["gflop_per_step"] as? Double)
    #expect(abs(try number(result, "achieved_gflops") * milliseconds / 1000 / work - 1) < 1e-9)
    for figure in ["median", "best"] {
      let share = try number(result, "mfu", figure)
      let quotient = try number(result, "achieved_gflops", figure) / number(result, "peak_gflops", figure)
      #expect(abs(share / quotient - 1) < 1e-9)
    }
    #expect((0.001...1.2).contains(try number(result, "mfu", "best")))
    // Values, gradients and two moments are touched in every step.
    let parameters = try #require(result["parameter_count"] as? Int)
    #expect(try #require(result["peak_resident_bytes"] as? [Int]).allSatisfy { $0 > 16 * parameters })
  }

  @Test("step counts the work of the configuration, and reads pairs from a data set as well")
  func stepWork() throws {
    let result = try bench([
      "step", "--config", fixture.configuration, "--data", fixture.data, "--batch", "3", "--steps", "1", "--set",
      "model.mask_ratio=0.5",
    ])
    var model = ModelConfiguration()
    (model.imageHeight, model.imageWidth, model.patchSize, model.maskRatio) = (32, 32, 8, 0.5)
    (model.encoderDimension, model.encoderDepth, model.encoderHeadCount) = (32, 2, 4)
    (model.decoderDimension, model.decoderDepth, model.decoderHeadCount) = (24, 2, 3)
    let work = try #require(result["gflop_per_step"] as? Double)
    #expect(abs(work / (3 * 1e-9 * OperationCount(model).forwardAndBackward) - 1) < 1e-9)
    #expect((result["configuration"] as? String)?.contains(fixture.data) == true)
  }

  @Test("Steps leave nothing behind on the heap")
  func heap() throws {
    let result = try bench(["step", "--config", fixture.configuration, "--warmup", "20", "--steps", "400"])
    // Less than 256 bytes a step; decoded images that are under way come and go.
    #expect(abs(try #require(result["heap_growth_bytes"] as? Int)) < 400 * 256)
  }

  @Test("step prints one object for two ranks", .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
  func ranks() throws {
    let run = try MPIRun.run(
      ranks: 2, "croco",
      ["bench", "step", "--config", fixture.configuration, "--batch", "8", "--threads", "1", "--steps", "2", "--json"])
    #expect(run.status == 0, "\(run)")
    let result = try object(run.output)
    #expect((result["peak_resident_bytes"] as? [Int])?.count == 2)
    #expect(result["micro_batch_size"] as? Int == 4 && result["global_batch_size"] as? Int == 8)
    #expect((result["machine"] as? [String: Any])?["ranks"] as? Int == 2)
  }

  @Test("gemm measures three products of every layer with one thread, then with more")
  func gemm() throws {
    let result = try bench(["gemm", "--config", fixture.configuration, "--repetitions", "1", "--threads", "2"])
    let entries = try #require(result["entries"] as? [[String: Any]])
    // The peak, four layers of the encoder and five of the decoder.
    #expect(entries.count == 2 * (1 + 3 * 9))
    for entry in entries { #expect(try number(entry, "gflops") > 0) }
    let shape = try #require(entries[1]["shape"] as? [String: Any])
    // Two pairs a slab, 4 visible and 16 other tokens each.
    #expect([shape["m"], shape["n"], shape["k"]] as? [Int] == [40, 96, 32])
    #expect(entries.map { $0["threads"] as? Int } == [Int](repeating: 1, count: 28) + [Int](repeating: 2, count: 28))
  }

  @Test("loader measures rendered pictures and data sets")
  func loader() throws {
    let arguments = ["loader", "--config", fixture.configuration, "--seconds", "0.1"]
    for source in [["--size", "40"], ["--data", fixture.data]] {
      let result = try bench(arguments + source)
      for key in ["pairs_per_second", "pairs_per_core_second"] {
        #expect(try #require(result[key] as? Double) > 0)
      }
      #expect(try #require(result["pairs"] as? Int) % 4 == 0)
      #expect(result["crop"] as? [Int] == [32, 32])
    }
  }

  @Test(
    "reduce measures each bucket length and MPI's own sum",
    .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
  func reduce() throws {
    let run = try MPIRun.run(
      ranks: 2, "croco",
      ["bench", "reduce", "--floats", "10001", "--bucket", "512", "--bucket", "4096", "--threads", "1", "--json"])
    #expect(run.status == 0, "\(run)")
    let entries = try #require(try object(run.output)["entries"] as? [[String: Any]])
    #expect(entries.map { $0["bucket_length"] as? Int } == [512, 4096, nil])
    let ways = entries.map { $0["way"] as? String }
    #expect(ways == ["host first", "host first", "MPI_Allreduce"])
    for entry in entries { #expect(try number(entry, "sum") > 0 && entry["sum_bytes"] as? Int == 0) }
    for entry in entries.prefix(2) { #expect(try number(entry, "gather") > 0) }
  }

  @Test("A missing subject, two of them and an unknown preset are refused in a sentence")
  func refusals() throws {
    for (arguments, status) in [
      (["step"], 64), (["step", "--config", "a.yaml", "--preset", "croco_v1_base"], 64),
      (["gemm", "--preset", "croco_v9"], 78),
    ] {
      let result = try CommandLineFixture.croco(["bench"] + arguments)
      #expect(result.status == status && !result.errorOutput.isEmpty, "\(result)")
    }
  }
}
