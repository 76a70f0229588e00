import CroCoModel
import Runtime

/// What rank 0 writes into the run folder while the run goes on.
struct RunWriters {
  let checkpointer: Checkpointer
  let metrics: MetricsLogger

  /// Writes the configuration and opens the rest, for steps after `step`.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  init(
    _ folder: RunFolder, _ configuration: TrainingConfiguration, _ parameters: ParameterStore, step: Int
  ) throws {
    try folder.write(configuration)
    try folder.removeMarkers()
    checkpointer = try Checkpointer(
      folder: folder.checkpointFolder, keep: configuration.checkpoints.keep, parameters: parameters,
      buffers: CroCoNet.buffers(configuration.model), configuration: configuration.model)
    metrics = try MetricsLogger(path: folder.metricsFile, afterStep: step)
  }
}
