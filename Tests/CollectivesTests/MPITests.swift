import Foundation
import TestSupport
import Testing

@Suite("Under mpirun", .serialized, .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
struct MPITests {
  private let helper = "collectives-check"

  /// The value of a line "name value" of the helper's output.
  private func value(_ name: String, in result: ProcessResult) throws -> String {
    let line = result.output.split(separator: "\n").first { $0.hasPrefix(name + " ") }
    return String(try #require(line, "\(result.output)\(result.errorOutput)").dropFirst(name.count + 1))
  }

  private func digest(ranks: Int, _ arguments: [String]) throws -> String {
    let result = try MPIRun.run(ranks: ranks, helper, ["reduce"] + arguments)
    #expect(result.status == 0, "\(result.errorOutput)")
    return try value("digest", in: result)
  }

  @Test("A process started alone does not touch MPI, one under mpirun does")
  func touchesMPIUnderMPIRunOnly() throws {
    let alone = try runProcess(try builtExecutable(helper), ["where"])
    #expect(alone.status == 0 && alone.output.hasPrefix("size 1 mpi untouched\n0@"))
    let three = try MPIRun.run(ranks: 3, helper, ["where"])
    #expect(three.status == 0 && three.output.hasPrefix("size 3 mpi initialized\n0@"))
    #expect(three.output.contains("\n2@"))
  }

  @Test("Every operation gives what it should", arguments: [1, 2, 3, 4])
  func operations(ranks: Int) throws {
    let result = try MPIRun.run(ranks: ranks, helper, ["operations"])
    #expect(result.status == 0 && result.output.contains("all operations hold on \(ranks) ranks"), "\(result)")
  }

  @Test(
    "The reproducible sum has the same bytes on every number of ranks and in buckets of any length",
    arguments: [(4, [1, 2, 4, 3]), (6, [1, 2, 3, 4]), (8, [3, 3, 4]), (12, [2, 3, 4])])
  func reproducible(microBatches: Int, ranks: [Int]) throws {
    let alone = try runProcess(try builtExecutable(helper), ["reduce", "--micro-batches", "\(microBatches)"])
    let expected = try value("digest", in: alone)
    #expect(expected.count == 16)
    for (ranks, bucket) in zip(ranks, [1 << 20, 999, 37, 500]) {
      let arguments = ["--micro-batches", "\(microBatches)", "--bucket", "\(bucket)", "--steps", "2"]
      #expect(try digest(ranks: ranks, arguments) == expected, "\(microBatches) micro-batches on \(ranks) ranks")
    }
  }

  @Test(
    "Host first or not, by threads of their own or not, on a wire of either width: the bytes of one process",
    arguments: [(4, "0,0,1,1"), (4, "0,1,0,1"), (4, "0,1,2,3"), (3, "0,0,1"), (4, "0,0,0,1"), (3, "0,1,1"), (2, "0,1")])
  func hostFirst(ranks: Int, hosts: String) throws {
    for wire in ["fp32", "bf16"] {
      let common = ["--micro-batches", "7", "--wire", wire, "--steps", "3"]
      let alone = try runProcess(try builtExecutable(helper), ["reduce"] + common)
      let expected = try value("digest", in: alone)
      #expect(try digest(ranks: ranks, common + ["--hosts", hosts, "--bucket", "900"]) == expected, "\(wire)")
      #expect(
        try digest(ranks: ranks, common + ["--hosts", hosts, "--bucket", "700", "--meanwhile"]) == expected,
        "\(wire), meanwhile")
    }
  }

  @Test("Plain reduction leaves the same bytes on all ranks, but other ones than the tree")
  func plain() throws {
    let plain = try digest(ranks: 3, ["--micro-batches", "6", "--reduction", "mpi"])
    #expect(plain.count == 16)
    #expect(try digest(ranks: 3, ["--micro-batches", "6"]) != plain)
  }

  @Test("A rank that fails alone says so and ends the others, which wait for it")
  func failsAlone() throws {
    let result = try MPIRun.run(ranks: 3, helper, ["fail", "--how", "alone", "--rank", "1"])
    #expect(!result.isTimedOut && result.status == 65, "\(result)")
    #expect(result.errorOutput.contains("check: Rank 1 of 3"))
    #expect(result.errorOutput.contains("The shard is truncated. Convert it again."))
  }

  @Test("Ranks that all fail print their common sentence once", arguments: ["together", "agreed"])
  func failsTogether(how: String) throws {
    let result = try MPIRun.run(ranks: 3, helper, ["fail", "--how", how, "--rank", "2"])
    #expect(!result.isTimedOut && result.status == 65, "\(result)")
    #expect(result.errorOutput.components(separatedBy: "The shard is truncated.").count == 2)
    #expect(result.errorOutput.contains("check: Rank 2 of 3 (") == (how == "agreed"))
  }

  @Test("Plain sums keep no buffers for an exchange, and those of the tree the slices of all ranks")
  func buffers() throws {
    func bytes(_ arguments: [String]) throws -> String {
      try value("bytes", in: try MPIRun.run(ranks: 2, helper, ["reduce", "--micro-batches", "2"] + arguments))
    }
    #expect(try bytes(["--reduction", "mpi"]) == "0")
    // Two nodes of the longer slice, 313 of 625 units of 16 floats, for each of eight buckets under way.
    #expect(try bytes([]) == "\(8 * 2 * 5008 * 4)")
  }

  @Test("Four ranks for three micro-batches is a sentence on one rank and the status of a bad configuration")
  func tooManyRanks() throws {
    let result = try MPIRun.run(ranks: 4, helper, ["reduce", "--micro-batches", "3"])
    #expect(!result.isTimedOut && result.status == 78, "\(result)")
    #expect(result.errorOutput.components(separatedBy: "4 ranks cannot share the 3 micro-batches").count == 2)
  }

  @Test("Processes that Slurm started but that see only themselves say what to do")
  func singletons() throws {
    let result = try runProcess(try builtExecutable(helper), ["where"], environment: ["SLURM_NTASKS": "4"])
    #expect(result.status == 64 && result.errorOutput.contains("srun --mpi=pmix"))
  }

  @Test("A process past its time limit is killed with the ranks it started")
  func timeLimit() throws {
    let marker = "54321.\(ProcessInfo.processInfo.processIdentifier)"
    let result = try runProcess(
      try #require(MPIRun.path), ["--oversubscribe", "-np", "2", "/bin/sleep", marker],
      environment: MPIRun.environment, timeLimit: 2)
    #expect(result.isTimedOut)
    let left = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { process in
      let words = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
      return words.starts(with: Data("/bin/sleep\0\(marker)".utf8))
    }
    #expect(left.isEmpty, "ranks are left: \(left)")
  }
}
