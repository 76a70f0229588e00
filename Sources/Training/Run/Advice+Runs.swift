import Runtime

/// What advice about runs speaks of; the command line has its own names for it.
extension Advice.Term {
  /// Going on from a checkpoint that the user names.
  package static let resume = Advice.Term("resuming from a checkpoint")
  /// The step at which a run ends before its schedule does.
  package static let stepLimit = Advice.Term("schedule.stop_after_steps")
  /// Setting a key of the configuration beside its file.
  package static let override = Advice.Term("override")
  /// Printing a configuration with all keys.
  package static let keyListing = Advice.Term("a printed configuration")
  /// Checking all images of a data set, whose folder follows.
  package static let verify = Advice.Term("verifying the data set")
}
