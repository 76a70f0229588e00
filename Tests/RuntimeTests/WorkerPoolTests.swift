import Foundation
import Runtime
import Synchronization
import Testing

@Suite struct WorkerPoolTests {
  @Test("Every task runs exactly once, on a worker of the pool", arguments: [1, 2, 5])
  func tasks(workers: Int) {
    let pool = WorkerPool(workerCount: workers)
    for count in [0, 1, 2, 3, 100] {
      let counts = AlignedBuffer<Int32>(count: count)
      let strangers = Atomic<Int>(0)
      for _ in 0..<50 {
        pool.run(count) { task, worker in
          counts.pointer[task] += 1
          if !(0..<workers).contains(worker) { strangers.add(1, ordering: .relaxed) }
        }
      }
      #expect(counts.elements.allSatisfy { $0 == 50 })
      #expect(strangers.load(ordering: .relaxed) == 0)
    }
  }

  @Test(
    "Work that is called off leaves out the tasks that have not begun, and later work has all", arguments: [1, 2, 5])
  func calledOff(workers: Int) {
    let pool = WorkerPool(workerCount: workers)
    let count = Atomic<Int>(0)
    func work() { pool.run(100) { _, _ in count.add(1, ordering: .relaxed) } }
    func workTwice() { for _ in 0..<2 { work() } }
    let isWhole = pool.run(unless: { count.load(ordering: .relaxed) >= 10 }, workTwice)
    #expect(!isWhole && (10..<10 + workers).contains(count.exchange(0, ordering: .relaxed)))
    let isWholeAgain = pool.run(unless: { false }, work)
    work()
    #expect(isWholeAgain)
    #expect(count.load(ordering: .relaxed) == 200)
  }

  @Test("A task of a team runs once in each of its threads, which wait for each other", arguments: [1, 2, 3, 5])
  func teams(size: Int) {
    let pool = WorkerPool(workerCount: 5)
    let tasks = 40
    let counts = (0..<tasks).map { _ in Counter() }
    let early = Atomic<Int>(0)
    pool.run(tasks, byTeamsOf: size) { task, member in
      counts[task].value.add(1, ordering: .relaxed)
      member.join()
      if counts[task].value.load(ordering: .relaxed) != size { early.add(1, ordering: .relaxed) }
      if !(0..<5).contains(member.worker) || !(0..<size).contains(member.index) { early.add(1, ordering: .relaxed) }
    }
    #expect(counts.allSatisfy { $0.value.load(ordering: .relaxed) == size })
    #expect(early.load(ordering: .relaxed) == 0)
  }

  @Test("A task that is called off is left out by all threads of its team", arguments: [2, 3])
  func teamsCalledOff(size: Int) {
    let pool = WorkerPool(workerCount: 5)
    let count = Atomic<Int>(0)
    func work() {
      for _ in 0..<3 {
        pool.run(100, byTeamsOf: size) { _, member in
          member.join()
          count.add(1, ordering: .relaxed)
          member.join()
        }
      }
    }
    let isWhole = pool.run(unless: { count.load(ordering: .relaxed) >= 10 }, work)
    let done = count.load(ordering: .relaxed)
    #expect(!isWhole && done % size == 0 && (10..<20).contains(done))
  }

  private final class Counter: Sendable {
    let value = Atomic<Int>(0)
  }

  @Test("Threads end with their pool")
  func end() throws {
    func threadCount() -> Int {
      (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task"))?.filter {
        let name = FileManager.default.contents(atPath: "/proc/self/task/\($0)/comm")
        return name.map { String(decoding: $0, as: UTF8.self).hasPrefix("pool-end") } ?? false
      }.count ?? 0
    }
    for _ in 0..<200 { WorkerPool(workerCount: 4, name: "pool-end").run(8) { _, _ in } }
    var left = threadCount()
    for _ in 0..<200 where left > 0 {
      usleep(10_000)
      left = threadCount()
    }
    #expect(left == 0)
  }

  @Test("Partitions cover everything once, at multiples of the grain", arguments: [1, 2, 3, 8], [1, 16])
  func partition(parts: Int, grain: Int) {
    for count in [0, 1, 15, 16, 17, 100, 768] {
      var next = 0
      for part in 0..<parts {
        let range = Partition.range(part, of: parts, count: count, grain: grain)
        #expect(range.lowerBound == next)
        #expect(range.lowerBound % grain == 0 || range.lowerBound == count)
        next = range.upperBound
      }
      #expect(next == count)
    }
  }

  @Test("Pieces of a matrix cover every place once, and are cut along its longer side", arguments: [1, 2, 3, 8, 12])
  func pieces(parts: Int) {
    for (rows, columns) in [(1, 1), (16, 32), (40, 100), (96, 768), (768, 96)] {
      var covered = [Int](repeating: 0, count: rows * columns)
      for part in 0..<parts {
        let piece = Partition.piece(part, of: parts, rows: rows, columns: columns)
        for row in piece.rows { for column in piece.columns { covered[row * columns + column] += 1 } }
      }
      #expect(covered.allSatisfy { $0 == 1 }, "\(rows) x \(columns)")
    }
    #expect(Partition.piece(0, of: parts, rows: 24, columns: 2400).rows == 0..<24)
    #expect(Partition.piece(0, of: parts, rows: 2400, columns: 24).columns == 0..<24)
  }
}
