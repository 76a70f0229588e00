internal import CTransformer
import Runtime

/// Additions of whole buffers in a prescribed order, shared among workers by ranges of elements.
struct BufferSum {
  private let buffers: [UnsafeMutablePointer<Float>?]
  private let wire: GradientWire
  private var operations: [croco_sum_operation] = []

  /// A sum between `buffers`, of nodes that are rounded as `wire` wants it.
  init(buffers: [UnsafeMutablePointer<Float>], additions: [SumTree.Addition] = [], wire: GradientWire) {
    self.buffers = buffers
    self.wire = wire
    for addition in additions { add(addition.source, to: addition.target, isRoot: addition.isRoot) }
  }

  /// Adds buffer `source` to buffer `target`, next.
  ///
  /// - Parameter isRoot: whether that is the whole sum, which no wire carries and nothing rounds.
  mutating func add(_ source: Int, to target: Int, isRoot: Bool) {
    let rounds: Int32 = wire == .bf16 && !isRoot ? 1 : 0
    operations.append(croco_sum_operation(target: Int32(target), source: Int32(source), rounds: rounds))
  }

  /// Rounds a buffer as the wire wants nodes, next.
  mutating func round(_ target: Int) {
    guard wire == .bf16 else { return }
    operations.append(croco_sum_operation(target: Int32(target), source: -1, rounds: 1))
  }

  /// Does it for the elements of `range`. The result does not depend on the workers.
  func run(_ range: Range<Int>, workers: WorkerPool?) {
    guard !operations.isEmpty, !range.isEmpty else { return }
    let piece = 1 << 16
    buffers.withUnsafeBufferPointer { buffers in
      operations.withUnsafeBufferPointer { operations in
        let add = { (task: Int, _: Int) in
          let start = range.lowerBound + task * piece
          croco_sum(
            buffers.baseAddress, operations.baseAddress, operations.count, start, min(start + piece, range.upperBound))
        }
        let tasks = (range.count + piece - 1) / piece
        if let workers { workers.run(tasks, add) } else { for task in 0..<tasks { add(task, 0) } }
      }
    }
  }
}
