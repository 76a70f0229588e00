import Foundation
import Storage
import TestSupport
import Testing

@Suite("The launch scripts", .serialized, .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
struct LaunchScriptTests {
  private let folder = NSTemporaryDirectory() + "/croco launch \(UUID().uuidString)"
  private let endless = ["--steps", "1000000"]

  /// Starts a script of launch/ with the helper in croco's place; a folder with a space in its name is the run's.
  private func start(
    _ name: String = "single_node", _ options: [String] = ["--ranks", "2"], train: [String]
  ) throws -> ChildProcess {
    try ChildProcess(
      script(name), options + ["--no-bind", "--", "train", "--output", folder] + train,
      environment: ["CROCO": try builtExecutable("collectives-check")])
  }

  private func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(name)") }

  private func removeFolder() { try? FileManager.default.removeItem(atPath: folder) }

  @Test("A run that leaves its completion marker ends with 0, and so does one that finds nothing left to do")
  func completes() throws {
    defer { removeFolder() }
    let result = try start(train: []).finish(within: 30)
    #expect(result.status == 0 && exists("COMPLETED") && exists("rank-1"), "\(result)")
    let host = "\(folder)/hosts"
    try Publication.publishText("localhost slots=2\n", at: host)
    let again = try start("multi_node", [host, "--ranks-per-node", "2", "--threads", "1"], train: [])
    #expect(again.finish(within: 30).status == 0)
    let settings = try String(contentsOfFile: "\(folder)/rank-1", encoding: .utf8)
    #expect(settings == "[\"compute.threads=1\"]")
  }

  @Test("A run that --max-steps ends is not called completed, and need not be started again")
  func stopsEarly() throws {
    defer { removeFolder() }
    let result = try start(train: ["--stops-early"]).finish(within: 30)
    #expect(result.status == 0 && result.errorOutput.contains("stopped where --max-steps says"), "\(result)")
  }

  @Test("A signal becomes a checkpoint of all ranks and status 75", arguments: [SIGTERM, SIGINT, SIGUSR1])
  func signals(signal: Int32) throws {
    defer { removeFolder() }
    let process = try start(train: endless)
    #expect(process.wait(upTo: 20) { exists("rank-0") && exists("rank-1") })
    process.signal(signal)
    let result = process.finish(within: 20)
    #expect(result.status == 75 && exists("checkpoint") && !exists("COMPLETED"), "\(result)")
    #expect(!result.isTimedOut && result.errorOutput.contains("start the same command again"))
    let words = result.output + result.errorOutput
    #expect(!words.contains("mpirun detected") && !words.contains("Primary job"), "\(result)")
  }

  @Test("Ranks that do not stop are ended when the time of grace is over")
  func grace() throws {
    defer { removeFolder() }
    let process = try start(
      "single_node", ["--ranks", "2", "--grace", "1"], train: endless + ["--is-deaf"])
    #expect(process.wait(upTo: 20) { exists("rank-0") && exists("rank-1") })
    process.signal(SIGTERM)
    let result = process.finish(within: 30)
    #expect(result.status == 75 && !result.isTimedOut && !exists("checkpoint"), "\(result)")
    #expect(result.errorOutput.contains("the ranks have not stopped"))
  }

  @Test("Bad data ends with croco's own status, which must not be requeued")
  func failurePassesThrough() throws {
    defer { removeFolder() }
    let result = try start(train: ["--fail-at", "3"]).finish(within: 30)
    #expect(result.status == 65 && result.errorOutput.contains("The shard is truncated."), "\(result)")
  }

  @Test("An old completion marker does not hide that this run was killed")
  func oldMarker() throws {
    defer { removeFolder() }
    try FileSystem.createFolder(folder)
    try Publication.publishText("old", at: "\(folder)/COMPLETED")
    let process = try start(train: endless + ["--is-deaf"])
    #expect(process.wait(upTo: 20) { exists("rank-0") && exists("rank-1") })
    let rank = try #require(try rankProcesses().first)
    kill(rank, SIGKILL)
    let result = process.finish(within: 30)
    #expect(result.status == 75 && result.errorOutput.contains("not completed (mpirun: 137)"), "\(result)")
  }

  @Test("Wrong arguments are a sentence and status 64")
  func usage() throws {
    let withoutOutput = try runProcess(
      script("single_node"), ["--ranks", "2", "--", "train"],
      environment: ["CROCO": try builtExecutable("collectives-check")])
    #expect(withoutOutput.status == 64 && withoutOutput.errorOutput.contains("--output DIR"))
    let badCount = try runProcess(script("single_node"), ["--ranks", "two"])
    #expect(badCount.status == 64 && badCount.errorOutput.contains("'two'"))
    let noHosts = try runProcess(script("multi_node"), ["/nonexistent"])
    #expect(noHosts.status == 66 && noHosts.errorOutput.contains("/nonexistent"))
  }

  @Test(
    "Hosts that cannot do are named before mpirun starts, with the line of the host file",
    arguments: [
      ("localhost slot=2", 64, ":1: 'slot=2' is not understood"),
      ("# none", 64, "names no host"),
      ("\n  localhost slots = 1", 64, ":2: localhost has slots=1, and --ranks-per-node is 2"),
      ("localhost slots=two", 64, "slots=two is no number"),
      ("no-such-host.invalid", 69, "no-such-host.invalid of "),
      ("localhost slots=2", 66, "/nonexistent/data, the data, is not on localhost"),
    ])
  func hosts(text: String, status: Int32, sentence: String) throws {
    defer { removeFolder() }
    try FileSystem.createFolder(folder)
    try Publication.publishText(text + "\n", at: "\(folder)/hosts")
    let result = try runProcess(
      script("multi_node"),
      [
        "\(folder)/hosts", "--ranks-per-node", "2", "--", "train", "--set", "data.path=/nonexistent/data", "--output",
        folder,
      ],
      environment: ["CROCO": try builtExecutable("collectives-check")])
    #expect(result.status == status && result.errorOutput.contains(sentence), "\(result)")
    #expect(result.errorOutput.split(separator: "\n").count == 1, "\(result.errorOutput)")
  }

  @Test("auto starts a bound rank for each NUMA domain, with a thread for each of its cores")
  func domains() throws {
    defer { removeFolder() }
    try FileSystem.createFolder("\(folder)/bin")
    // Two domains, each with a core of two hardware threads; and one whose cores are not for this process.
    try install("lscpu", "echo '# CPU,Node,Socket,Core'; echo 0,0,0,0; echo 1,1,0,1; echo 9000,0,0,0; echo 9001,2,0,3")
    try install("mpirun", "echo \"$@\" >\"$0.arguments\"; exit 3")
    try Publication.publishText("localhost slots=2\n", at: "\(folder)/hosts")
    for (name, options) in [("single_node", ["--ranks"]), ("multi_node", ["\(folder)/hosts", "--ranks-per-node"])] {
      let result = try runProcess(
        script(name), options + ["auto", "--", "train", "--output", folder],
        environment: [
          "CROCO": try builtExecutable("collectives-check"),
          "PATH": "\(folder)/bin:" + (ProcessInfo.processInfo.environment["PATH"] ?? ""),
        ])
      #expect(result.status == 3 && result.errorOutput.contains("2 a host, with 1 threads each"), "\(result)")
      let words = try String(contentsOfFile: "\(folder)/bin/mpirun.arguments", encoding: .utf8)
      #expect(words.contains("--map-by ppr:1:numa:PE=1 --bind-to core --oversubscribe -np 2 "), "\(words)")
      #expect(words.contains("--set compute.threads=1"), "\(words)")
    }
    let wrong = try runProcess(script("multi_node"), ["\(folder)/hosts", "--ranks-per-node", "car"])
    #expect(wrong.status == 64 && wrong.errorOutput.contains("or auto, not 'car'"), "\(wrong)")
  }

  private func install(_ name: String, _ text: String) throws {
    try Publication.publishText("#!/bin/bash\n\(text)\n", at: "\(folder)/bin/\(name)")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/bin/\(name)")
  }

  @Test("CROCO that names no program is an error, not a reason to take another")
  func program() throws {
    let result = try runProcess(
      script("single_node"), ["--", "train", "--output", folder], environment: ["CROCO": "/typo"])
    #expect(result.status == 69 && result.errorOutput.contains("CROCO=/typo"), "\(result)")
  }

  private func script(_ name: String) -> String {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return tests.deletingLastPathComponent().path + "/launch/" + name
  }

  /// The ranks of this test's run, by its folder on their command lines; mpirun and the script are left out.
  private func rankProcesses() throws -> [pid_t] {
    let helper = try builtExecutable("collectives-check")
    return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { process in
      let words = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
      return words.starts(with: Data(helper.utf8)) && words.range(of: Data(folder.utf8)) != nil
    }
  }
}
