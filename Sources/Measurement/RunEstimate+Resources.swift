import Collectives
import Runtime
import Storage

/// Whether the machines have what a run needs, before it takes hours to find out.
extension RunEstimate {
  /// Compares memory on every host, and the disk of the run folder, with the estimate; collective.
  ///
  /// - Parameters:
  ///   - output: the run folder, which need not be there yet.
  ///   - kept: how many of the newest checkpoints the run keeps; 0: all.
  ///   - keepsBest: whether it keeps the best one besides.
  /// - Returns: a sentence for each thing that may not suffice, on every rank.
  /// - Throws: on every rank `Failure` of kind `configuration` where a host has not the memory, or `inputOutput` where the disk has not the
  ///   room for one checkpoint.
  package func checkResources(
    output: String, kept: Int, keepsBest: Bool, communicator: any Communicator
  ) throws(Failure) -> [String] {
    let memory = HostMemory()
    let own = "\(memory?.limit ?? 0) \(memory?.available ?? 0) \(communicator.hostName)"
    let ranks = try communicator.gatherBytes(Array(own.utf8)).map { RankMemory(String(decoding: $0, as: UTF8.self)) }
    var warnings = try memoryWarnings(ranks)
    // The disk is rank 0's, which writes.
    let free = try communicator.gatherValues([Double(FileSystem.freeBytes(at: output) ?? -1)])[0][0]
    if free >= 0 {
      warnings += try diskWarnings(output, free: Int(free), kept: kept, keepsBest: keepsBest)
    }
    return warnings
  }

  /// A rank's host and the memory that it sees there.
  package struct RankMemory {
    let host: String
    let limit: Int
    let available: Int

    /// Of a host, in bytes; a limit of 0 where nothing is known.
    package init(host: String, limit: Int, available: Int) {
      (self.host, self.limit, self.available) = (host, limit, available)
    }

    fileprivate init(_ text: String) {
      let fields = text.split(separator: " ", maxSplits: 2)
      self.init(host: String(fields[2]), limit: Int(fields[0]) ?? 0, available: Int(fields[1]) ?? 0)
    }
  }

  /// What to say of the hosts' memory, by rank; a rank that knows nothing has a limit of 0.
  package func memoryWarnings(_ ranks: [RankMemory]) throws(Failure) -> [String] {
    var warnings: [String] = []
    var seen: Set<String> = []
    for rank in ranks where seen.insert(rank.host).inserted {
      let same = ranks.indices.filter { ranks[$0].host == rank.host }
      let known = same.filter { ranks[$0].limit > 0 }.map { ranks[$0] }
      guard let limit = known.map(\.limit).min(), let available = known.map(\.available).min() else { continue }
      let need = same.reduce(0) { $0 + ($1 == 0 ? memory.firstRankBytes : memory.bytes) }
      guard need > available else { continue }
      let many = same.count == 1 ? "one rank" : "\(same.count) ranks"
      let sentence =
        "This run needs about \(Self.size(need)) on \(rank.host), with \(many); there are \(Self.size(limit)), and"
        + " \(Self.size(available)) are free. The largest part of a rank is for \(memory.items[0].name):"
        + " \(Self.size(memory.items[0].bytes))"
      guard need <= limit else { throw Failure(.configuration, sentence + ".", hint: "\(memory.items[0].lever)") }
      warnings.append("\(sentence). \(memory.items[0].lever) Or end what else runs there.")
    }
    return warnings
  }

  /// What to say of `free` bytes beside the run folder.
  package func diskWarnings(_ output: String, free: Int, kept: Int, keepsBest: Bool) throws(Failure) -> [String] {
    let sentence =
      "\(Self.size(free)) are free where \(output) lies, and a checkpoint takes \(Self.size(checkpointBytes))"
    guard free > checkpointBytes else {
      throw Failure(.inputOutput, "\(sentence).", hint: "Make room, or choose another \(.output).")
    }
    // One more is written before the oldest goes.
    let most = kept + (keepsBest ? 2 : 1)
    guard kept > 0, free < most * checkpointBytes else { return [] }
    let best = keepsBest ? " and the best one" : ""
    return ["\(sentence): checkpoints.keep \(kept)\(best) need room for \(most). Make room, or keep fewer."]
  }
}
