import CroCoModel
import Runtime

/// What rank 0 writes into the run folder while the run goes on.
struct RunWriters {
  let checkpointer: Checkpointer
  let metrics: MetricsLogger
  /// The best of the checkpoints that are there.
  let best: BestCheckpoint?

  /// Writes the configuration and opens the rest, for steps after `step`.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  init(
    _ folder: RunFolder, _ configuration: TrainingConfiguration, _ parameters: ParameterStore, step: Int
  ) throws {
    try folder.write(configuration)
    try folder.removeMarkers()
    checkpointer = try Checkpointer(
      folder: folder, keep: configuration.checkpoints.keep,
      keepsAverage: configuration.optimizer.averageDecay != nil, parameters: parameters,
      buffers: CroCoNet.buffers(configuration.model), configuration: configuration.model)
    metrics = try MetricsLogger(path: folder.metricsFile, afterStep: step)
    best = try BestCheckpoint(in: folder)
    folder.link(best: best)
  }
}
