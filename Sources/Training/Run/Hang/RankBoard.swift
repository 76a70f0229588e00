import Foundation
import Runtime
import Storage
import Synchronization

/// Where ranks tell each other where they are: a small file for each in the run folder, which all hosts see. MPI cannot
/// carry it, since what is to be found out is which rank does not answer there.
///
/// Works in a thread of its own: where the files' disk hangs, only what is known of the ranks gets old. Files that cannot be
/// written or read are no failure of a run.
final class RankBoard: Sendable {
  private struct Record: Codable {
    /// Counts up as long as the process runs.
    var beat: Int
    var position: RankPosition
  }

  private let folder: String
  private let rank: Int
  private let size: Int
  private let seen = Mutex<[Int: (record: Record, time: ContinuousClock.Instant)]>([:])
  // Held while the file is written, so that none is written after the end. Never held by who only looks.
  private let isOpen = Mutex(true)

  /// The board in `folder`, which exists.
  init(_ folder: String, rank: Int, of size: Int) { (self.folder, self.rank, self.size) = (folder, rank, size) }

  /// Goes on telling where this rank is, many times within the seconds for which it may stay there; looks at the others once
  /// it has not moved for a quarter of them.
  ///
  /// - Parameter position: where this rank is; nil once it is not to be told any more.
  func start(position: @escaping @Sendable () -> RankPosition?) {
    let thread = Thread { [self] in
      var beat = 0
      while let position = position() {
        beat += 1
        write(Record(beat: beat, position: position))
        if position.idle > position.limit / 4 { look() }
        // All ranks together write some 32 files a second, and 80 where ``Patience`` has its least limit.
        Thread.sleep(forTimeInterval: min(position.limit / 20, max(1, Double(size) / 32)))
      }
    }
    thread.name = "croco-ranks"
    thread.start()
  }

  /// What is known of the others.
  var sightings: [Int: Standstill.Sighting] {
    let now = ContinuousClock.now
    return seen.withLock { $0 }.mapValues { .init($0.record.position, silence: (now - $0.time) / .seconds(1)) }
  }

  /// Removes what this rank has written; the last one removes the folder.
  func close() {
    isOpen.withLock { isOpen in
      isOpen = false
      try? FileSystem.remove(file(of: rank))
    }
    try? FileSystem.removeFolder(folder)
  }

  private func file(of rank: Int) -> String { folder.appending(path: "\(rank).json") }

  private func write(_ record: Record) {
    isOpen.withLock { isOpen in
      guard isOpen, let file = try? File(file(of: rank), .writing) else { return }
      // Other hosts see it once it is closed.
      try? file.write(JSON.encode(record))
      try? file.close()
    }
  }

  private func look() {
    for other in 0..<size where other != rank {
      // One that is being written is seen the next time.
      guard let bytes = try? File.contents(of: file(of: other)),
        let record = try? JSONDecoder().decode(Record.self, from: Data(bytes))
      else { continue }
      seen.withLock {
        if $0[other]?.record.beat != record.beat { $0[other] = (record, ContinuousClock.now) }
      }
    }
  }
}
