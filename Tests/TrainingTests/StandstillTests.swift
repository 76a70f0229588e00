import Foundation
import RunFixtures
import Runtime
import Storage
import TestSupport
import Testing
import Training

/// Who keeps whom waiting, from made-up positions; and the comparison of ranks' arithmetic.
@Suite("Ranks that stand still, and ranks that differ") struct StandstillTests {
  /// Sixty seconds are the limit; by default a rank waits for the others in its tenth call.
  private func position(
    _ host: String, _ phase: String = "the end of step 12", calls: Int = 10, call: String? = "MPI_Allreduce",
    idle: Double = 70
  ) -> RankPosition {
    RankPosition(host: host, phase: phase, idle: idle, limit: 60, calls: calls, call: call)
  }

  private func standstill(
    _ rank: Int, of size: Int = 4, idle: Double = 61, _ others: [Int: Standstill.Sighting]
  ) -> Standstill {
    Standstill(rank: rank, of: size, own: position("node0", idle: idle), others: others)
  }

  @Test("A rank that says nothing is named, though it has entered as many calls; the lowest that is alive speaks first")
  func silent() {
    let stopped = Standstill.Sighting(position("node1", "micro-batch 2 of 4 of step 12 (backward)"), silence: 50)
    let alive = Standstill.Sighting(position("node0"))
    let found = standstill(0, [1: alive, 2: alive, 3: stopped])
    #expect(found.culprits == [3] && found.isDue)
    #expect(
      found.sentence
        == "Rank 3 of 4 (node1) has not moved for 50 s, and gives no sign of life: last heard of in MPI_Allreduce, micro-batch 2 of 4 of "
        + "step 12 (backward). The others wait for it: rank 0 (node0) in MPI_Allreduce, the end of step 12.")
    // Rank 0 is stopped: rank 1 speaks, the others a little later.
    #expect(standstill(1, [0: stopped, 2: alive, 3: alive]).isDue)
    #expect(!standstill(2, [0: stopped, 1: alive, 3: alive]).isDue)
    #expect(standstill(2, idle: 67, [0: stopped, 1: alive, 3: alive]).isDue)
    #expect(standstill(2, [0: stopped, 1: alive, 3: alive]).culprits == [0])
  }

  @Test("Of ranks that are alive, the one that has entered the fewest calls is named, or has left the last one")
  func behind() {
    let alive = Standstill.Sighting(position("node0"))
    let late = Standstill.Sighting(
      position("node1", "micro-batch 1 of 2 of step 12 (waiting for data)", calls: 9, call: nil))
    let found = standstill(0, [1: alive, 2: late, 3: alive])
    #expect(found.culprits == [2])
    #expect(
      found.sentence.hasPrefix("Rank 2 of 4 (node1) has not moved for 70 s: in micro-batch 1 of 2 of step 12 (waiting"))
    let outside = Standstill.Sighting(position("node1", "the reports of step 12", call: nil))
    #expect(standstill(0, [1: outside, 2: alive, 3: alive]).culprits == [1])
    // The hanging rank can speak itself.
    let ahead = Standstill.Sighting(position("node1", calls: 11))
    let own = standstill(0, [1: ahead, 2: ahead, 3: ahead])
    #expect(own.culprits == [0] && own.sentence.contains("The others wait for it: rank 1 (node1) in MPI_Allreduce"))
  }

  @Test("Where another rank moves on, nobody speaks; where all wait at one place, or nothing is known, that is said")
  func others() {
    let alive = Standstill.Sighting(position("node0"))
    let busy = Standstill.Sighting(position("node1", calls: 9, call: nil, idle: 5))
    #expect(!standstill(0, [1: alive, 2: alive, 3: busy]).isDue)
    let equal = standstill(0, [1: alive, 2: alive, 3: alive])
    #expect(equal.isDue && equal.culprits.isEmpty && equal.sentence.contains("All 4 ranks run, but have not moved"))
    let unknown = standstill(0, [1: alive])
    #expect(unknown.culprits == [2, 3] && unknown.sentence.contains("Nothing is known of ranks 2-3"))
  }

  @Test("A rank that may take longer for what it does, such as pictures, is waited for; a stopped one is not")
  func patientWaiting() {
    var writing = Standstill.Sighting(position("node0", "the reports of step 12", call: nil))
    writing.position.limit = 1800
    #expect(!standstill(1, [0: writing, 2: .init(position("node1")), 3: .init(position("node1"))]).isDue)
    writing.silence = 31
    #expect(standstill(1, [0: writing, 2: .init(position("node1")), 3: .init(position("node1"))]).isDue)
  }

  @Test(
    "The limit is 20 times the median step, at least 50 s; longer outside of steps and where data is waited for")
  func patience() {
    var patience = Patience(.automatic, ranks: 4)
    #expect(patience.seconds(in: .reduce) == 1800)
    for seconds in [90.0, 2, 2, 2.5, 2] { patience.add(step: seconds) }
    #expect(patience.seconds(in: .reduce) == 50 && patience.seconds(in: .data) == 1800)
    for _ in 0..<101 { patience.add(step: 10) }
    #expect(patience.seconds(in: .forward) == 200 && patience.seconds(in: nil) == 1800)
    for _ in 0..<51 { patience.add(step: 300) }
    #expect(patience.seconds(in: .backward) == 6000 && patience.seconds(in: nil) == 6000)
    var fixed = Patience(.minutes(2), ranks: 4)
    fixed.add(step: 300)
    #expect(fixed.seconds(in: nil) == 120 && fixed.seconds(in: .reduce) == 120)
    var many = Patience(.automatic, ranks: 1024)
    many.add(step: 1)
    #expect(many.seconds(in: .reduce) == 256)
  }

  @Test("A rank that is slow several times in a row is named once with its factor; one that was disturbed is not")
  func slowRanks() {
    var speed = RankSpeed(microBatches: 1)
    let hosts = ["node0", "node0", "node1", "node1"]
    let even = [100.0, 104, 98, 101]
    let disturbed = [100.0, 104, 180, 101]
    for times in [disturbed, disturbed, even, disturbed, disturbed] { #expect(speed.note(times, hosts: hosts) == nil) }
    #expect(
      speed.note([100, 104, 240, 101], hosts: hosts)?.hasPrefix(
        "Rank 2 of 4 (node1) computes 2.4 times as long as the median rank (240 ms instead of 101 ms for backward of a micro-batch), and all wait for it"
      ) == true)
    for times in [disturbed, even, disturbed, disturbed, disturbed] { #expect(speed.note(times, hosts: hosts) == nil) }
    // Half of the ranks: the faster half is the measure. One that is named already is not named again.
    let half = [50.0, 49, 100, 101]
    for _ in 0..<2 { #expect(speed.note(half, hosts: hosts) == nil) }
    #expect(speed.note(half, hosts: hosts)?.hasPrefix("Rank 3 of 4 (node1) computes 2.0 times") == true)
    var two = RankSpeed(microBatches: 1)
    for _ in 0..<2 { #expect(two.note([9, 3], hosts: ["a", "b"]) == nil) }
    #expect(two.note([9, 3], hosts: ["a", "b"])?.contains("as the other (9.0 ms instead of 3.0 ms") == true)
  }

  @Test("Ranks with other kernels, builds or variables are told apart by name; equal ones are not")
  func arithmetic() {
    let own = RankArithmetic(host: "node0", traits: ["kernels": "x86-64-v4", "croco": "0.1.0"])
    #expect(RankArithmetic.differences(between: [own, own, own]).isEmpty)
    let old = RankArithmetic(
      host: "node1", traits: ["kernels": "x86-64-v3", "croco": "0.1.0", "CROCO_GEMM": "library"])
    #expect(
      RankArithmetic.differences(between: [own, own, old, own]) == [
        "CROCO_GEMM: not there on ranks 0-1, 3 (node0), library on rank 2 (node1)",
        "kernels: x86-64-v4 on ranks 0-1, 3 (node0), x86-64-v3 on rank 2 (node1)",
      ])
  }
}

/// Ranks under mpirun that are stopped, or differ.
@Suite(
  "Hanging and differing ranks under mpirun", .serialized,
  .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
struct HangMPITests {
  @Test("The rank that SIGSTOP holds is named, once, and all end with 70", arguments: [0, 2])
  func stoppedRank(rank: Int) throws {
    let fixture = try RunFixture()
    let endless = [
      "schedule.total_steps=1000000", "compute.threads=1", "compute.hang_minutes=0.05", "checkpoints.every_steps=0",
    ]
    let process = try MPIRun.start(ranks: 3, "croco", fixture.arguments("run", endless))
    #expect(process.wait(upTo: 60) { ((try? fixture.metrics("run").count) ?? 0) >= 3 })
    kill(try #require(try MPIRun.rankProcess(rank, with: fixture.output("run"))), SIGSTOP)
    let ended = process.finish(within: 60)
    #expect(ended.status == 70 && !ended.isTimedOut, "\(ended)")
    #expect(ended.errorOutput.components(separatedBy: "has not moved for").count == 2, "\(ended)")
    #expect(ended.errorOutput.contains("croco: Rank \(rank) of 3 ("), "\(ended)")
    #expect(ended.errorOutput.contains("gives no sign of life: last heard of in "), "\(ended)")
    #expect(ended.errorOutput.contains("The others wait for it: rank \(rank == 0 ? 1 : 0) ("), "\(ended)")
  }

  @Test("A rank that is stopped again and again is named once, with its factor, and the run goes on")
  func slowRank() throws {
    let fixture = try RunFixture()
    let endless = ["schedule.total_steps=1000000", "compute.threads=1", "checkpoints.every_steps=0"]
    let process = try MPIRun.start(ranks: 3, "croco", fixture.arguments("run", endless))
    #expect(process.wait(upTo: 60) { ((try? fixture.metrics("run").count) ?? 0) >= 3 })
    let slow = try #require(try MPIRun.rankProcess(2, with: fixture.output("run")))
    // It computes for a fifth of the time.
    let isNamed = process.wait(upTo: 60) {
      kill(slow, SIGSTOP)
      usleep(80_000)
      kill(slow, SIGCONT)
      usleep(20_000)
      return process.errorOutput.contains(" times as long as the median rank (")
    }
    #expect(isNamed)
    process.signal(SIGUSR1)
    let ended = process.finish(within: 60)
    #expect(ended.status == 75 && !ended.isTimedOut, "\(ended)")
    #expect(ended.errorOutput.components(separatedBy: "times as long as the median rank").count == 2, "\(ended)")
    #expect(ended.errorOutput.contains("Rank 2 of 3 ("), "\(ended)")
  }

  @Test("Ranks with other variables are warned of by name, or refused; what ranks told each other is gone at the end")
  func mixture() throws {
    let fixture = try RunFixture()
    let croco = try builtExecutable("croco")
    for isRefused in [false, true] {
      let arguments = fixture.arguments(
        "run \(isRefused)",
        ["compute.threads=1", "schedule.stop_after_steps=2", "compute.require_same_arithmetic=\(isRefused)"])
      let part = ["-np", "1", "-x", "CROCO_GEMM=library", croco] + arguments
      let result = try runProcess(
        try #require(MPIRun.path), MPIRun.arguments(ranks: 1, croco, arguments) + [":"] + part,
        environment: MPIRun.environment)
      #expect(result.status == (isRefused ? 78 : 0) && !result.isTimedOut, "\(result)")
      #expect(result.errorOutput.contains("CROCO_GEMM: not there on rank 0 ("), "\(result)")
      #expect(result.errorOutput.contains("library on rank 1 ("), "\(result)")
      #expect(!FileManager.default.fileExists(atPath: RunFolder(fixture.output("run \(isRefused)")).rankFolder))
    }
  }
}
