import CroCoModel
import Foundation
import Kernels
import RunFixtures
import TestSupport
import Testing

/// Runs in int8, and in whatever precision suits the processor.
@Suite("Runs in int8", .serialized) struct PrecisionRunTests {
  private func train(
    _ fixture: RunFixture, _ name: String, _ overrides: [String], more: [String] = [],
    environment: [String: String?] = [:]
  ) throws -> ProcessResult {
    try runProcess(
      try builtExecutable("croco"), fixture.arguments(name, overrides) + more, environment: environment)
  }

  @Test(
    "The same bytes with one and two threads, on every path of instructions, and stopped halfway",
    arguments: ["int8", "int8_full"])
  func bytes(precision: String) throws {
    let fixture = try RunFixture()
    let int8 = "compute.precision=\(precision)"
    #expect(try train(fixture, "one", [int8, "compute.threads=1"]).status == 0)
    let digests = try fixture.digests("one", step: 20)
    #expect(try train(fixture, "two", [int8, "compute.threads=2"]).status == 0)
    #expect(try fixture.digests("two", step: 20) == digests)
    for path in IntegerPath.allCases where path.isAvailable {
      let result = try train(fixture, path.name, [int8], environment: ["CROCO_INT8": path.name])
      #expect(result.status == 0 && result.output.contains("croco (\(path.name))"), "\(result)")
      #expect(try fixture.digests(path.name, step: 20) == digests, "\(path.name)")
    }
    #expect(try train(fixture, "stopped", [int8], more: ["--max-steps", "9"]).status == 0)
    #expect(try train(fixture, "stopped", [int8]).status == 0)
    #expect(try fixture.digests("stopped", step: 20) == digests)
  }

  @Test(
    "The same bytes on one and on two ranks",
    .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
  func ranks() throws {
    let fixture = try RunFixture()
    #expect(try train(fixture, "one", ["compute.precision=int8"]).status == 0)
    let result = try MPIRun.run(
      ranks: 2, "croco", fixture.arguments("two", ["compute.precision=int8", "compute.threads=1"]))
    #expect(result.status == 0, "\(result)")
    #expect(try fixture.digests("two", step: 20) == fixture.digests("one", step: 20))
  }

  @Test("auto says which precision it is and why, and a run keeps the one with which it began")
  func automatic() throws {
    let fixture = try RunFixture()
    let isFast = try IntegerPath.chosen.get().isFast
    let slower = MatrixProducts.bfloat16 == nil ? "fp32" : "bf16"
    let auto = ["compute.precision=auto"]
    let first = try train(fixture, "run", auto, more: ["--max-steps", "5"])
    let chosen = isFast ? "int8" : slower
    #expect(first.output.contains("compute.precision auto is \(chosen), the fastest that this processor"), "\(first)")
    #expect(
      try String(contentsOfFile: fixture.output("run") + "/config.yaml", encoding: .utf8)
        .contains("precision: \(chosen) "))
    let portable: [String: String?] = ["CROCO_INT8": "portable"]
    let again = try train(fixture, "run", auto, environment: portable)
    #expect(again.status == 0 && again.output.contains("auto is \(chosen), with which the run began."), "\(again)")
    let other = try train(fixture, "other", auto, environment: portable)
    #expect(other.status == 0 && other.output.contains("compute.precision auto is \(slower), the fastest"), "\(other)")
  }

  @Test("A path of instructions that is not there is refused by its name")
  func unknownPath() throws {
    let fixture = try RunFixture()
    let result = try train(fixture, "run", ["compute.precision=int8"], environment: ["CROCO_INT8": "vpdpbusd"])
    #expect(result.status == 78 && result.errorOutput.contains("CROCO_INT8 is 'vpdpbusd'"), "\(result)")
  }
}
