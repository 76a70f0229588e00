import Foundation
import Runtime

/// A program whose output this process reads through a pipe, while its messages go to a file.
package final class Subprocess {
  /// What the program writes to its standard output.
  package let output: File

  private let process: pid_t
  private var status: Int32?

  /// Starts a program with an empty input and the environment of this process.
  ///
  /// - Parameters:
  ///   - command: the path of the program, and its arguments.
  ///   - errorFile: the file that its messages go to; it is made, or emptied.
  /// - Throws: `Failure` of kind `inputOutput` where it cannot be started.
  package init(_ command: [String], errorFile: String) throws(Failure) {
    let (output, input) = try Self.pipe(to: command[0])
    self.output = output
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, input.descriptor, 1)
    posix_spawn_file_actions_addopen(&actions, 2, errorFile.systemPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    let variables = ProcessInfo.processInfo.environment.map { "\($0)=\($1)" }
    let (arguments, environment) = (command.map { strdup($0.systemPath) } + [nil], variables.map { strdup($0) } + [nil])
    defer { for copy in arguments + environment { free(copy) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, command[0].systemPath, &actions, nil, arguments, environment)
    process = child
    guard code == 0 else {
      status = -1
      throw Failure(.inputOutput, "Cannot start \(command[0]): \(Failure.systemText(code)).")
    }
    // Or the output would never end.
    try input.close()
  }

  deinit {
    if status == nil {
      kill(process, SIGKILL)
      _ = finish()
    }
  }

  /// Stops reading and waits for the program's end; its status, 128 + signal where a signal ended it.
  package func finish() -> Int32 {
    if let status { return status }
    try? output.close()
    let ended = SystemCall.wait(for: process)
    status = ended
    return ended
  }

  /// Both ends of a pipe. The program must not hold its own end open for reading.
  private static func pipe(to program: String) throws(Failure) -> (output: File, input: File) {
    var ends: [Int32] = [0, 0]
    guard Foundation.pipe(&ends) == 0 else {
      throw Failure(.inputOutput, "Cannot make a pipe to \(program): \(Failure.systemText(errno)).")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let name = "the output of \(program)"
    return (File(descriptor: ends[0], path: name), File(descriptor: ends[1], path: name))
  }
}
