import Foundation
import Storage
import TestSupport
import Testing

/// Commands other than training under mpirun: nothing is done or said twice, and all ranks end alike.
@Suite("Commands under mpirun", .serialized, .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
struct RanksTests {
  private let fixture: CommandLineFixture

  init() throws { fixture = try CommandLineFixture.shared.get() }

  @Test("The ranks share an evaluation, whose result is the same for any number of them")
  func evaluate() throws {
    let arguments = ["evaluate", "--checkpoint", fixture.run, "--data", fixture.data, "--split", "train", "--json"]
    let alone = try CommandLineFixture.succeed(arguments)
    for ranks in [2, 3] {
      let result = try MPIRun.run(ranks: ranks, "croco", arguments)
      #expect(result.status == 0 && result.output == alone, "\(ranks) ranks: \(result.output) \(result.errorOutput)")
    }
    let missing = try MPIRun.run(
      ranks: 2, "croco", ["evaluate", "--checkpoint", fixture.run, "--data", fixture.folder.path + "/none"])
    #expect(missing.status == 66 && missing.output.isEmpty)
    #expect(missing.errorOutput.components(separatedBy: "croco: ").count == 2, "\(missing.errorOutput)")
  }

  @Test("What one process computes is computed once, and the other ranks say so and end alike")
  func single() throws {
    let output = fixture.folder.path + "/ranks.safetensors"
    let arguments = [
      "dump", "--config", fixture.configuration, "--set", "batch.global_batch_size=4", "--data", fixture.data,
      "--output",
    ]
    let result = try MPIRun.run(ranks: 2, "croco", arguments + [output])
    #expect(result.status == 0 && result.output == "\(output): 1 step.\n", "\(result.output) \(result.errorOutput)")
    #expect(result.errorOutput.contains("warning: one process does this; 1 of the 2 ranks have nothing to do."))
    _ = try CommandLineFixture.succeed(arguments + [output + "-alone"])
    #expect(try FileDigest(ofFile: output) == FileDigest(ofFile: output + "-alone"))
    let refused = try MPIRun.run(ranks: 2, "croco", ["inspect", fixture.folder.path + "/none"])
    #expect(refused.status == 66 && refused.errorOutput.components(separatedBy: "There is nothing at").count == 2)
  }
}
