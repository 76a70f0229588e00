import ArgumentParser
import Foundation
import Runtime

/// What argument-parser says of wrong arguments, in the form of all other messages: what is wrong, and what to do.
struct ParserMessage {
  /// The sentences, of kind `usage`.
  let failure: Failure

  /// Nil for what is no complaint: help, the version, or an exit code of a command that has spoken already.
  init?(_ error: any Error) {
    guard Croco.exitCode(for: error) == .validationFailure else { return nil }
    let sentence = Croco.message(for: error).split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      .joined(separator: " ")
    guard !sentence.isEmpty else { return nil }
    let isWhole = sentence.last.map { ".?!".contains($0) } ?? false
    failure = Failure(.usage, isWhole ? sentence : sentence + ".", hint: Self.hint(Croco.fullMessage(for: error)))
  }

  /// The last line of argument-parser's message names the command: "See 'croco train --help' for more information."
  private static func hint(_ message: String) -> Advice? {
    guard let start = message.range(of: "See '"), let end = message[start.upperBound...].range(of: "'") else {
      return nil
    }
    return "See `\(message[start.upperBound..<end.lowerBound])`."
  }
}
