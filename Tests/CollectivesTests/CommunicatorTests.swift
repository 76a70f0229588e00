import Collectives
import Runtime
import Testing

@Suite("Choosing a communicator")
struct CommunicatorTests {
  @Test("A process started alone is not under a launcher")
  func alone() {
    // Settings of libraries, which images of containers export, are no launcher's.
    let launch = LaunchEnvironment([
      "PATH": "/bin", "OMP_NUM_THREADS": "1", "PMIX_MCA_gds": "hash", "OMPI_MCA_plm": "isolated",
    ])
    #expect(!launch.isUnderLauncher && launch.failure(worldSize: 1) == nil)
  }

  @Test(
    "Each launcher's variables are seen, with the number of processes where they tell it",
    arguments: [
      (["OMPI_COMM_WORLD_SIZE": "4", "PMIX_RANK": "0"], 4), (["PMI_SIZE": "3", "PMI_RANK": "1"], 3),
      (["PMIX_RANK": "0", "SLURM_NTASKS": "8", "SLURM_STEP_NUM_TASKS": "2"], 2), (["PMIX_NAMESPACE": "x"], nil),
    ] as [([String: String], Int?)])
  func launchers(environment: [String: String], processes: Int?) {
    let launch = LaunchEnvironment(environment)
    #expect(launch.isUnderLauncher && launch.processCount == processes)
  }

  @Test("Several processes that see only themselves are a failure with a way out")
  func singletons() throws {
    let slurm = LaunchEnvironment(["SLURM_NTASKS": "4", "PMI_FD": "7"])
    #expect(slurm.failure(worldSize: 4) == nil)
    let failure = try #require(slurm.failure(worldSize: 1))
    #expect(failure.kind == .usage && failure.hint?.description.contains("srun --mpi=pmix") == true)
    #expect(LaunchEnvironment(["PMI_SIZE": "2"]).failure(worldSize: 1)?.kind == .usage)
    // Inside a job, mpirun may start a single rank on purpose.
    #expect(LaunchEnvironment(["SLURM_NTASKS": "4", "OMPI_COMM_WORLD_SIZE": "1"]).failure(worldSize: 1) == nil)
  }

  @Test("A single process runs, fails and agrees with itself without MPI")
  func singleProcess() throws {
    var reported: [Failure] = []
    let failure = Failure(.badData, "The shard is truncated.")
    let run = { (body: (any Communicator) throws -> Void) in
      Communicators.run(environment: [:], report: { reported.append($0) }, body: body)
    }
    let status = run { #expect($0.rank == 0 && $0.size == 1 && !$0.hostName.isEmpty) }
    #expect(status == 0)
    #expect(run { _ in throw failure } == 65)
    #expect(run { try $0.agree(on: failure) } == 65)
    #expect(reported == [failure, failure])
    #expect(!MPICommunicator.isInitialized)
  }
}
