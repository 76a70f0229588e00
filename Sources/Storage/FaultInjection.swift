import Foundation
import Synchronization

/// A system call on a file, as tests see it.
package struct FileCall: Sendable, Equatable {
  /// The kinds of calls.
  package enum Kind: String, Sendable {
    /// `open` of a file that must be there.
    case open
    /// `open` that may make or empty the file.
    case create
    /// `read` and `pread`.
    case read
    /// `write` and `pwrite`.
    case write
    /// `fsync`.
    case synchronize
    /// `ftruncate`.
    case truncate
    /// `close`.
    case close
    /// `flock`.
    case lock
    /// `stat`, `fstat`, `lstat`, `access` and `realpath`.
    case look
    /// `mmap`.
    case map
    /// `opendir` and `readdir`.
    case list
    /// `rename`; the path is the old one.
    case rename
    /// `link`; the path is the new one.
    case link
    /// `unlink` and `rmdir`.
    case remove
    /// `mkdir`.
    case createFolder

    /// Whether the call can change what is on the disk.
    package var changesDisk: Bool {
      switch self {
      case .create, .write, .synchronize, .truncate, .rename, .link, .remove, .createFolder: true
      case .open, .read, .close, .lock, .look, .map, .list: false
      }
    }
  }

  /// The kind of call.
  package let kind: Kind
  /// The file or folder.
  package let path: String
}

/// The seam that tests use to let system calls on files fail. Nobody else sets it, and while nobody does, it costs a look at one
/// flag a call.
///
/// Calls are made by many threads, so faults belong to folders, not to tasks: tests that run at the same time use folders of
/// their own.
package enum FaultInjection {
  /// What becomes of a call.
  package enum Fault: Sendable, Equatable {
    /// It is not made and fails with an `errno`; `EINTR` is a call that is made again. `close` is made.
    case error(Int32)
    /// It moves at most so many bytes.
    case short(Int)
  }

  /// Decides what becomes of a call before it is made; nil: nothing. It may end the process, as a kill would.
  package typealias Decision = @Sendable (FileCall) -> Fault?

  private static let decisions = Mutex<[(prefix: String, decide: Decision)]>([])
  private static let flag = Atomic<Bool>(false)

  /// Runs `body` while all calls on files whose paths begin with `prefix` are decided upon.
  package static func run<Result>(
    forPathsWith prefix: String, _ decide: @escaping Decision, _ body: () throws -> Result
  ) rethrows -> Result {
    decisions.withLock {
      $0.append((prefix, decide))
      flag.store(true, ordering: .relaxed)
    }
    defer {
      decisions.withLock {
        $0.removeAll { $0.prefix == prefix }
        flag.store(!$0.isEmpty, ordering: .relaxed)
      }
    }
    return try body()
  }

  static var isActive: Bool { flag.load(ordering: .relaxed) }

  static func fault(in call: FileCall) -> Fault? {
    let decide = decisions.withLock { all in all.last { call.path.hasPrefix($0.prefix) }?.decide }
    return decide?(call)
  }
}
