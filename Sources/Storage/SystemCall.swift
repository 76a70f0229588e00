import Foundation
import Synchronization

/// A system call that failed.
struct SystemError: Error {
  /// The `errno`, such as `ENOSPC`.
  let code: Int32
}

/// Every system call on files that croco makes goes through ``perform(_:_:upTo:_:)``: the only loop that repeats interrupted
/// calls, and the only place where tests put faults.
///
/// Source: the seam of swift-system's `Syscalls.swift`.
enum SystemCall {
  /// Linux moves at most 2 GiB a call.
  static let mostBytes = 1 << 30

  /// Makes a call, again where a signal interrupted it.
  ///
  /// - Parameters:
  ///   - kind: what tests call it.
  ///   - path: the file.
  ///   - bytes: how many bytes are to be moved, where any are.
  ///   - body: the call itself, which moves at most so many bytes as it is given; below 0, with `errno` set, where it failed.
  /// - Returns: what `body` returned.
  @discardableResult
  static func perform(
    _ kind: FileCall.Kind, _ path: String, upTo bytes: Int = 0, _ body: (Int) -> Int
  ) throws(SystemError) -> Int {
    let limit = min(bytes, mostBytes)
    while true {
      let fault = FaultInjection.isActive ? FaultInjection.fault(in: FileCall(kind: kind, path: path)) : nil
      let result: Int
      switch fault {
      case nil: result = body(limit)
      case .short(let count): result = body(min(limit, count))
      case .error(let code):
        errno = code
        result = -1
      }
      if result >= 0 { return result }
      guard errno == EINTR else { throw SystemError(code: errno) }
    }
  }

  /// Closes a descriptor, which is gone afterwards whatever happened: an interrupted `close` must not be repeated.
  static func close(_ descriptor: Int32, _ path: String) throws(SystemError) {
    var code: Int32 = Foundation.close(descriptor) == 0 ? 0 : errno
    if FaultInjection.isActive, case .error(let fault) = FaultInjection.fault(in: FileCall(kind: .close, path: path)) {
      code = fault
    }
    guard code == 0 || code == EINTR else { throw SystemError(code: code) }
  }

  /// Waits for a child process; the status as a shell counts it, 128 + signal where a signal ended it.
  static func wait(for process: pid_t) -> Int32 {
    var word: Int32 = 0
    while waitpid(process, &word, 0) < 0, errno == EINTR {}
    return word & 0x7f == 0 ? word >> 8 & 0xff : 128 + (word & 0x7f)
  }
}
