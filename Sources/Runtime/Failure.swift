/// A failure that a user can act on: what failed, on which file, rank or key, and what to do about it.
///
/// Libraries throw it; only the command line ends the process, with ``Kind-swift.enum/exitCode``.
/// A programmer's error is not a `Failure` but a `precondition`.
package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of a failure, named after the exit codes of `sysexits.h`.
  package enum Kind: Int32, Sendable, CaseIterable {
    /// The command line is wrong (EX_USAGE).
    case usage = 64
    /// A file or data set holds something that cannot be used (EX_DATAERR).
    case badData = 65
    /// A file or folder does not exist or cannot be read (EX_NOINPUT).
    case noInput = 66
    /// croco itself, or a numerical run, went wrong (EX_SOFTWARE).
    case internalError = 70
    /// Reading, writing or communicating failed (EX_IOERR).
    case inputOutput = 74
    /// A signal stopped the work, or another process is at it; start the same command again later (EX_TEMPFAIL).
    case interrupted = 75
    /// The configuration is wrong (EX_CONFIG).
    case configuration = 78

    /// The status with which the process ends.
    package var exitCode: Int32 { rawValue }
  }

  /// What kind of failure it is; decides the exit code.
  package let kind: Kind
  /// One sentence: what failed and where (file, rank, key).
  package let message: String
  /// What the user can do, or nil where nothing useful can be said.
  package let hint: Advice?

  /// Creates a failure from a sentence that names the culprit and, where there is one, a remedy.
  package init(_ kind: Kind, _ message: String, hint: Advice? = nil) {
    self.kind = kind
    self.message = message
    self.hint = hint
  }

  /// The message, followed by the hint, in which `name` may have its own names for settings and commands.
  package func text(naming name: (Advice.Term) -> String?) -> String {
    hint.map { "\(message) \($0.text(naming: name))" } ?? message
  }

  /// The message, followed by the hint with plain names.
  package var description: String { text { _ in nil } }
}

extension Failure {
  /// The failure itself, or one of kind `internalError` that quotes another error.
  package init(describing error: any Error) { self = error as? Failure ?? Failure(.internalError, "\(error)") }
}
