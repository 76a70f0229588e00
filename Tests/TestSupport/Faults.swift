import Foundation
import Storage
import Synchronization

/// Faults of the system on the files of one folder. Calls that can change the disk are numbered from 1, in the order in which
/// they are made.
package final class Faults: Sendable {
  /// Decides by a call's number, or by 0 for one that cannot change the disk.
  package typealias Decision = @Sendable (_ number: Int, _ call: FileCall) -> FaultInjection.Fault?

  private let decide: Decision
  private let made = Mutex<[FileCall]>([])

  /// Faults where `decide` gives one.
  package init(_ decide: @escaping Decision = { _, _ in nil }) { self.decide = decide }

  /// The calls so far that could change the disk.
  package var calls: [FileCall] { made.withLock { $0 } }

  /// The numbers of calls at which a fault may show something new: those that differ in kind or file from the call before or
  /// after. A long row of writes into a file has two.
  package var places: [Int] {
    let calls = calls
    return calls.indices.filter { index in
      index == 0 || index == calls.count - 1 || calls[index - 1] != calls[index] || calls[index + 1] != calls[index]
    }.map { $0 + 1 }
  }

  /// Runs `body` with these faults on all paths that begin with `prefix`.
  @discardableResult
  package func run<Result>(on prefix: String, _ body: () throws -> Result) rethrows -> Result {
    try FaultInjection.run(
      forPathsWith: prefix,
      { [self] call in
        let number =
          call.kind.changesDisk
          ? made.withLock {
            $0.append(call)
            return $0.count
          } : 0
        return decide(number, call)
      }, body)
  }

  /// One call fails.
  package static func at(_ place: Int, _ code: Int32) -> Faults {
    Faults { number, _ in number == place ? .error(code) : nil }
  }

  /// From one call on nothing reaches the disk any more: what is found there then is what a kill would have left.
  package static func from(_ place: Int, _ code: Int32) -> Faults {
    Faults { number, _ in number >= place ? .error(code) : nil }
  }

  /// Every other call is interrupted by a signal before it is made, and none moves more than so many bytes.
  package static func interrupted(bytes: Int) -> Faults {
    let count = Atomic<Int>(0)
    return Faults { _, _ in
      count.wrappingAdd(1, ordering: .relaxed).newValue % 2 == 0 ? .short(bytes) : .error(EINTR)
    }
  }
}
