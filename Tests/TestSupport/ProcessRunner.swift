import Foundation
import Runtime
import Storage

/// How a process ended and what it wrote.
package struct ProcessResult: Sendable {
  /// The exit status; 128 + signal where a signal ended it, as a shell counts.
  package let status: Int32
  /// What it wrote to its standard output.
  package let output: String
  /// What it wrote to its standard error.
  package let errorOutput: String
  /// Whether it was killed because its time was up.
  package let isTimedOut: Bool
}

/// A child process that writes to files, can be signalled, and never outlives its time limit.
package final class ChildProcess {
  /// The process number, which is also that of its process group.
  package let processIdentifier: pid_t

  private let folder: String
  private var status: Int32?

  /// Starts a program. Its input is empty.
  ///
  /// - Parameters:
  ///   - environment: added to this process's environment; nil removes a variable.
  /// - Throws: ``Failure`` of kind `inputOutput` where it cannot be started.
  package init(
    _ executable: String, _ arguments: [String] = [], environment: [String: String?] = [:],
    currentFolder: String? = nil
  ) throws(Failure) {
    var template = Array((NSTemporaryDirectory().appending(path: "croco-process-XXXXXX")).utf8CString)
    guard mkdtemp(&template) != nil else { throw .cannotWrite(NSTemporaryDirectory(), code: errno) }
    folder = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    var merged = ProcessInfo.processInfo.environment
    for (name, value) in environment { merged[name] = value }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, folder + "/output", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, folder + "/error", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own, and no signal ignored or blocked because the test runner does so.
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)

    // posix_spawn has no portable way to change the folder.
    let inFolder = currentFolder.map { ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", $0] } ?? []
    let command = inFolder + [executable] + arguments
    var process: pid_t = 0
    let code = Self.withCStrings(command) { argv in
      Self.withCStrings(merged.map { "\($0)=\($1)" }) { environment in
        posix_spawn(&process, command[0], &actions, &attributes, argv, environment)
      }
    }
    processIdentifier = process
    guard code == 0 else {
      throw Failure(.inputOutput, "Cannot start \(executable): \(Failure.systemText(code)).")
    }
  }

  deinit {
    if poll() == nil { kill() }
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// What it has written to its standard output so far.
  package var output: String { contents("output") }
  /// What it has written to its standard error so far.
  package var errorOutput: String { contents("error") }

  /// Sends a signal to the process alone.
  package func signal(_ number: Int32) {
    if poll() == nil { Foundation.kill(processIdentifier, number) }
  }

  /// Waits until a condition holds, such as a file's existence; false if the process ends or time is up before.
  package func wait(upTo seconds: Double, until condition: () -> Bool) -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
      if condition() { return true }
      if poll() != nil { return condition() }
      usleep(10_000)
    }
    return false
  }

  /// Waits for its end; when time is up, it and its descendants are killed.
  package func finish(within seconds: Double) -> ProcessResult {
    let deadline = ContinuousClock.now + .seconds(seconds)
    var isTimedOut = false
    while poll() == nil {
      if ContinuousClock.now >= deadline {
        isTimedOut = true
        kill()
      }
      usleep(5_000)
    }
    return ProcessResult(
      status: status ?? -1, output: output, errorOutput: errorOutput, isTimedOut: isTimedOut)
  }

  /// Ends it and all its descendants: those of mpirun are in groups of their own.
  private func kill() {
    let descendants = Self.descendants(of: processIdentifier)
    Foundation.kill(-processIdentifier, SIGTERM)
    let deadline = ContinuousClock.now + .seconds(3)
    while poll() == nil, ContinuousClock.now < deadline { usleep(10_000) }
    for descendant in descendants { Foundation.kill(descendant, SIGKILL) }
    Foundation.kill(-processIdentifier, SIGKILL)
    while poll() == nil { usleep(5_000) }
  }

  /// Its status if it has ended.
  private func poll() -> Int32? {
    if let status { return status }
    var word: Int32 = 0
    let result = waitpid(processIdentifier, &word, WNOHANG)
    if result == 0 || (result < 0 && errno == EINTR) { return nil }
    status = result < 0 ? -1 : word & 0x7f == 0 ? word >> 8 & 0xff : 128 + (word & 0x7f)
    return status
  }

  private func contents(_ name: String) -> String {
    String(decoding: FileManager.default.contents(atPath: folder + "/" + name) ?? Data(), as: UTF8.self)
  }

  /// The processes below `root`, from /proc.
  private static func descendants(of root: pid_t) -> [pid_t] {
    var children: [pid_t: [pid_t]] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let process = pid_t(name),
        let line = FileManager.default.contents(atPath: "/proc/\(name)/stat"),
        let end = line.lastIndex(of: UInt8(ascii: ")"))
      else { continue }
      // After the command in parentheses: state, parent, ...
      let fields = String(decoding: line[(end + 1)...], as: UTF8.self).split(separator: " ")
      if fields.count > 1, let parent = pid_t(fields[1]) { children[parent, default: []].append(process) }
    }
    var found: [pid_t] = []
    var open = [root]
    while let parent = open.popLast() {
      found += children[parent] ?? []
      open += children[parent] ?? []
    }
    return found
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }
}

/// Runs a program to its end, or kills it and its descendants when its time is up.
///
/// - Throws: ``Failure`` of kind `inputOutput` where it cannot be started.
package func runProcess(
  _ executable: String, _ arguments: [String] = [], environment: [String: String?] = [:],
  currentFolder: String? = nil, timeLimit seconds: Double = 60
) throws(Failure) -> ProcessResult {
  let process = try ChildProcess(executable, arguments, environment: environment, currentFolder: currentFolder)
  return process.finish(within: seconds)
}

/// The path of an executable of this package, which the build puts beside the test bundle.
///
/// - Throws: ``Failure`` of kind `noInput` where it was not built.
package func builtExecutable(_ name: String) throws(Failure) -> String {
  let bundle = Bundle.allBundles.map(\.bundlePath).first { $0.hasSuffix(".xctest") }
  let candidates = [bundle, try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")]
  for case .some(let candidate) in candidates {
    let path = (candidate as NSString).deletingLastPathComponent + "/" + name
    if access(path, X_OK) == 0 { return path }
  }
  throw Failure(.noInput, "The executable \(name) does not lie beside the tests.", hint: "Build it: swift build.")
}

/// The path of a program in the folders of PATH, or nil.
package func installedProgram(_ name: String) -> String? {
  let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
  return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
}

/// A python3 with PyTorch: the one on PATH.
package let torchPython: String? = installedProgram("python3").flatMap { python in
  (try? runProcess(python, ["-c", "import torch"]).status) == 0 ? python : nil
}

/// A python3 with h5py, NumPy and Pillow: the one on PATH, or the system's, for which `launch/setup --tests` installs them.
package let scientificPython: String? = python(with: "h5py, numpy, PIL.Image")

/// A python3 with some modules: the one on PATH, or the system's.
package func python(with modules: String) -> String? {
  [installedProgram("python3"), "/usr/bin/python3"].compactMap { $0 }.first {
    (try? runProcess($0, ["-c", "import \(modules)"]).status) == 0
  }
}
