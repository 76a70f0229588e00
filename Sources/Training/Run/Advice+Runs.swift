import Runtime

/// What advice about runs speaks of; the command line has its own names for it.
extension Advice.Term {
  /// Going on from a checkpoint that the user names.
  package static let resume = Advice.Term("resuming from a checkpoint")
  /// Setting a key of the configuration beside its file.
  package static let override = Advice.Term("override")
  /// Checking all images of a data set, whose folder follows.
  package static let verify = Advice.Term("verifying the data set")
}
