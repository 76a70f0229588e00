import Runtime

/// Where a run writes and what it goes on from: what the command line says beside the configuration.
package struct RunOptions: Sendable {
  /// What a run goes on from.
  package enum Resume: Sendable, Equatable {
    /// The newest checkpoint of the run folder that verifies, if any.
    case automatic
    /// Nothing: a new run.
    case never
    /// A checkpoint folder, of this run or another.
    case checkpoint(String)
  }

  /// The run folder.
  package var output: String
  /// What the run goes on from.
  package var resume = Resume.automatic
  /// Versions of the program and its libraries, for checkpoints.
  package var versions: [String: String] = [:]
  /// The user's names for settings and commands in what the run says.
  package var names: @Sendable (Advice.Term) -> String? = { _ in nil }
  /// A sentence for the log on how the configuration came about.
  package var remark: String?
  /// Says why all ranks are about to be ended, from another thread, where a rank hangs.
  package var lastWords: @Sendable (Failure) -> Void = { _ in }

  /// Tells the user at once that a signal has come; called on rank 0, within a signal handler.
  package var acknowledge: SignalFlags.Acknowledgment?
  /// Is told, on every rank, that the run may begin: its folder is its own, and fits.
  package var willBegin: @Sendable () -> Void = {}

  /// A run in `output`.
  package init(output: String) { self.output = output }
}
