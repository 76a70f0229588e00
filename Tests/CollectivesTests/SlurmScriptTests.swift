import Foundation
import Storage
import TestSupport
import Testing

/// launch/slurm with real ranks under mpirun; only Slurm's own commands, which need a cluster, are small scripts.
@Suite(
  "The script that runs inside Slurm jobs", .serialized,
  .enabled(if: MPIRun.path != nil, Comment(rawValue: MPIRun.missing)))
struct SlurmScriptTests {
  private let folder: TemporaryFolder
  private var run: String { folder.path + "/run" }

  init() throws {
    folder = try TemporaryFolder()
    try FileSystem.createFolder(folder.path + "/bin")
    // The job's state and end as Slurm prints them, and a note of each requeueing.
    try install(
      "scontrol",
      """
      case $1 in
        show) echo "JobId=7 JobState=${STATE:-RUNNING} EndTime=$(date -d "${SECONDS_LEFT:-9999} seconds" +%FT%T) Requeue=1" ;;
        requeue) [ -z "$REFUSED" ] || { echo "scontrol: error: Requested operation is presently disabled" >&2; exit 1; }
          echo "$2" >>"$0.requeued" ;;
      esac
      """)
  }

  private func install(_ name: String, _ text: String) throws {
    let path = folder.path + "/bin/" + name
    try Publication.publishText("#!/bin/bash\n\(text)\n", at: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  private var requeued: String? { try? String(contentsOfFile: folder.path + "/bin/scontrol.requeued", encoding: .utf8) }

  /// Starts the script as job 7, with the helper in croco's place.
  private func start(
    _ options: [String] = [], train: [String] = ["--steps", "1000000"], _ environment: [String: String] = [:]
  ) throws -> ChildProcess {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../launch/slurm").standardizedFileURL.path
    var all: [String: String?] = [
      "CROCO": try builtExecutable("collectives-check"), "SLURM_JOB_ID": "7", "SLURM_JOB_NUM_NODES": "1",
      "PATH": folder.path + "/bin:" + (ProcessInfo.processInfo.environment["PATH"] ?? ""),
    ]
    for (name, value) in environment { all[name] = value }
    return try ChildProcess(
      script, ["--ranks-per-node", "2", "--no-bind"] + options + ["--", "train", "--output", run] + train,
      environment: all)
  }

  private func waitForRanks(of process: ChildProcess) {
    #expect(process.wait(upTo: 20) { (0..<2).allSatisfy { FileSystem.exists("\(run)/rank-\($0)") } })
  }

  @Test("A job whose run is complete is not requeued")
  func completes() throws {
    let result = try start(train: []).finish(within: 30)
    #expect(result.status == 0 && requeued == nil, "\(result)")
  }

  @Test(
    "The signal before the time limit makes a checkpoint and requeues the job; that of scancel makes a checkpoint only",
    arguments: [(SIGUSR1, "7\n"), (SIGTERM, nil)])
  func signals(signal: Int32, jobs: String?) throws {
    let process = try start()
    waitForRanks(of: process)
    process.signal(signal)
    let result = process.finish(within: 20)
    #expect(result.status == 75 && FileSystem.exists(run + "/checkpoint") && requeued == jobs, "\(result)")
  }

  @Test("Without a signal the clock stops the run before the job's end")
  func clock() throws {
    let result = try start([], ["SECONDS_LEFT": "8"]).finish(within: 30)
    #expect(result.status == 75 && FileSystem.exists(run + "/checkpoint") && requeued == "7\n", "\(result)")
    #expect(result.errorOutput.contains("the run is stopped after"))
  }

  @Test("A job that was cancelled, that must not requeue or cannot, is left as it is", arguments: [0, 1, 2])
  func withoutRequeue(reason: Int) throws {
    try install("srun", "exit 75")
    let environments = [["STATE": "CANCELLED"], [:], ["REFUSED": "yes"]]
    let options = ["--launcher", "srun"] + (reason == 1 ? ["--no-requeue"] : [])
    let result = try start(options, environments[reason]).finish(within: 20)
    #expect(result.status == 75 && requeued == nil, "\(result)")
    if reason == 2 { #expect(result.errorOutput.contains("presently disabled): submit it with #SBATCH --requeue")) }
  }

  @Test("Three starts in a row without a new checkpoint end the job; one that gains a checkpoint begins the count anew")
  func brake() throws {
    try FileSystem.createFolder(run + "/checkpoints/step-00000008")
    try Publication.publishText("", at: run + "/config.yaml")
    try install("srun", "exit 75")
    for restart in 0..<5 {
      if restart == 2 { try FileSystem.createFolder(run + "/checkpoints/step-00000010") }
      let environment = ["SLURM_RESTART_COUNT": "\(restart)"]
      let result = try start(["--launcher", "srun"], environment).finish(within: 20)
      #expect(result.status == (restart == 4 ? 70 : 75), "\(restart): \(result)")
      if restart == 4 { #expect(result.errorOutput.contains("no checkpoint after step 10 of")) }
    }
    #expect(requeued == String(repeating: "7\n", count: 4))
  }

  @Test("A task of a job array has its own seed and folder")
  func array() throws {
    let result = try start(train: [], ["SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_JOB_ID": "7"]).finish(within: 30)
    #expect(result.status == 0, "\(result)")
    #expect(try String(contentsOfFile: run + "/seed-3/rank-1", encoding: .utf8) == "[\"seed=3\"]")
  }

  @Test("srun gets the job's hosts and ranks, and a rank that dies ends all")
  func srun() throws {
    try install("srun", "echo \"$@\" >>\"$0.arguments\"; exit 75")
    let result = try start(["--launcher", "srun"], ["SLURM_JOB_NUM_NODES": "4"]).finish(within: 20)
    #expect(result.status == 75 && requeued == "7\n", "\(result)")
    let words = try String(contentsOfFile: folder.path + "/bin/srun.arguments", encoding: .utf8)
    #expect(words.hasPrefix("--mpi=pmix --kill-on-bad-exit=1 --nodes=4 --ntasks-per-node=2 --ntasks=8 "), "\(words)")
  }

  @Test("Outside of a job, and without an output folder, it says what to do")
  func usage() throws {
    let outside = try start([], ["SLURM_JOB_ID": ""]).finish(within: 20)
    #expect(outside.status == 64 && outside.errorOutput.contains("copy launch/slurm.sbatch"), "\(outside)")
  }
}
