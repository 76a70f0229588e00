import Runtime

/// What the environment says about how this process was started, before MPI is touched.
package struct LaunchEnvironment: Equatable {
  /// Whether a launcher of MPI programs started the process, so that MPI is to be initialised.
  package let isUnderLauncher: Bool
  /// The number of processes that the launcher started, where it says so.
  package let processCount: Int?
  /// The launcher's name for messages.
  package let launcher: String

  /// What launchers other than mpirun set for each process that they start. Other variables of `PMI_` and `PMIX_` are
  /// settings, which images of containers export for all programs, such as `PMIX_MCA_gds`.
  private static let marks: Set = ["PMI_FD", "PMI_ID", "PMI_RANK", "PMI_SIZE", "PMIX_NAMESPACE", "PMIX_RANK"]

  /// Reads the variables that mpirun (`OMPI_`), other launchers (`PMI_`, `PMIX_`) and Slurm set.
  package init(_ environment: [String: String]) {
    func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
    let isSlurm = environment["SLURM_NTASKS"] != nil || environment["SLURM_STEP_NUM_TASKS"] != nil
    if let count = number("OMPI_COMM_WORLD_SIZE") {
      // Before Slurm's variables: inside a job, mpirun may start fewer ranks than the job has tasks.
      (isUnderLauncher, processCount, launcher) = (true, count, "mpirun")
      return
    }
    isUnderLauncher = environment.keys.contains(where: Self.marks.contains)
    processCount = number("PMI_SIZE") ?? number("SLURM_STEP_NUM_TASKS") ?? number("SLURM_NTASKS")
    launcher = isSlurm ? "Slurm" : "The launcher"
  }

  /// The failure of a process that is one of several but sees only itself, as when srun's PMI does not match MPI's.
  ///
  /// - Parameter worldSize: the number of ranks that MPI sees; 1 without MPI.
  package func failure(worldSize: Int) -> Failure? {
    guard worldSize == 1, let processCount, processCount > 1 else { return nil }
    let isSlurm = launcher == "Slurm"
    return Failure(
      .usage, "\(launcher) has \(processCount) tasks, but each sees only itself.",
      hint: isSlurm
        ? "Start it with srun --mpi=pmix or with mpirun; to run alone inside a job, unset SLURM_NTASKS."
        : "Start it with the mpirun of the Open MPI that croco was built with.")
  }
}
