import Collectives
import PairData
import Runtime

/// Which part of the data a rank trains on.
///
/// With `data.sharding: global` the part of each step that its micro-batches are. With `local`, ranks that see the same
/// shards form a group, which trains on those shards as a run of its own would: in an order that is a function of (seed,
/// step, the group's shards), shared by its ranks. One group is the same as `global`, to the last byte.
package struct DataShare {
  /// Something to say of the placement, and whether it is a warning.
  package typealias Remark = (isWarning: Bool, sentence: String)

  /// Pairs of a step over the ranks that share this rank's shards.
  private(set) var globalBatchSize: Int
  /// This rank's micro-batches among those of its group.
  private(set) var microBatches: Range<Int>
  /// Steps of a pass over the data: over the samples of all groups.
  private(set) var stepsPerEpoch: Double
  /// What the log should say.
  private(set) var remarks: [Remark] = []

  /// Groups may go through their pairs at most so many times as often as others.
  static let imbalanceLimit = 4.0

  /// Ranks that see the same shards.
  private struct Group {
    let shards: [UInt8]  // One bit a shard.
    var pairs = 0
    var ranks: [Int] = []
    var microBatchCount = 0

    /// How much faster than others it goes through its pairs.
    var pace: Double { Double(microBatchCount) / Double(pairs) }
  }

  /// Finds out; collective with `local`.
  ///
  /// - Parameter microBatches: this rank's share of every step.
  /// - Throws: the same `Failure` on every rank where shards are spread too unevenly.
  init(_ training: PairDataset, _ context: RunContext, microBatches: Range<Int>) throws(Failure) {
    let (configuration, communicator) = (context.configuration, context.communicator)
    let samplesOfPair = configuration.data.usesBothOrders ? 2.0 : 1.0
    let globalBatchSize = configuration.batch.globalBatchSize
    self.globalBatchSize = globalBatchSize
    self.microBatches = microBatches
    stepsPerEpoch = Double(training.count) * samplesOfPair / Double(globalBatchSize)
    let (size, count) = (communicator.size, configuration.batch.microBatchCount)
    if count % size != 0 {
      remarks.append(
        (
          false,
          "\(size) ranks share the \(count) micro-batches of a step unevenly: those with \(count / size) wait for those "
            + "with \(count / size + 1)."
        ))
    }
    guard configuration.data.sharding == .local else { return }

    let entries = training.manifest.shards(of: training.split)
    let (groups, counts) = try Self.groups(training, microBatches.count, communicator)
    guard let own = groups.first(where: { $0.ranks.contains(communicator.rank) }) else {
      preconditionFailure("rank \(communicator.rank) is in no group")
    }
    self.globalBatchSize = own.microBatchCount * configuration.batch.microBatchSize
    let before = own.ranks.prefix { $0 < communicator.rank }.reduce(0) { $0 + counts[$1] }
    self.microBatches = before..<(before + microBatches.count)
    stepsPerEpoch = Double(groups.reduce(0) { $0 + $1.pairs }) * samplesOfPair / Double(globalBatchSize)
    try checkBalance(groups)
    describe(groups, entries)
  }

  /// The groups in the order of their first ranks, and every rank's number of micro-batches.
  private static func groups(
    _ training: PairDataset, _ microBatchCount: Int, _ communicator: any Communicator
  ) throws(Failure) -> (groups: [Group], counts: [Int]) {
    let entries = training.manifest.shards(of: training.split)
    var bits = [UInt8](repeating: 0, count: (entries.count + 7) / 8)
    for number in training.shardNumbers { bits[number / 8] |= 1 << UInt8(number % 8) }
    let bytes = withUnsafeBytes(of: Int64(microBatchCount)) { Array($0) }
    let all = try communicator.gatherBytes(bytes + bits)
    var groups: [Group] = []
    var counts: [Int] = []
    for (rank, bytes) in all.enumerated() {
      let count = Int(bytes.prefix(8).withUnsafeBytes { $0.loadUnaligned(as: Int64.self) })
      let shards = Array(bytes.dropFirst(8))
      let place = groups.firstIndex { $0.shards == shards } ?? groups.count
      if place == groups.count {
        groups.append(Group(shards: shards))
        for (number, entry) in entries.enumerated() where shards[number / 8] >> UInt8(number % 8) & 1 == 1 {
          groups[place].pairs += entry.pairs
        }
      }
      groups[place].ranks.append(rank)
      groups[place].microBatchCount += count
      counts.append(count)
    }
    return (groups, counts)
  }

  private func checkBalance(_ groups: [Group]) throws(Failure) {
    guard let fastest = groups.max(by: { $0.pace < $1.pace }), let slowest = groups.min(by: { $0.pace < $1.pace }),
      fastest.pace > Self.imbalanceLimit * slowest.pace
    else { return }
    throw Failure(
      .badData,
      "The shards are spread too unevenly: rank \(fastest.ranks[0]) sees \(fastest.pairs) pairs for "
        + "\(fastest.microBatchCount) micro-batches a step, rank \(slowest.ranks[0]) \(slowest.pairs) for "
        + "\(slowest.microBatchCount).",
      hint: "Copy about as many shards to every disk, or set data.sharding to global.")
  }

  private mutating func describe(_ groups: [Group], _ entries: [DatasetManifest.Shard]) {
    let pairs = groups.map(\.pairs)
    remarks.append(
      (
        false,
        "Node-local shards: \(groups.count) \(groups.count == 1 ? "group" : "groups") of ranks with "
          + "\(pairs.min() ?? 0) to \(pairs.max() ?? 0) pairs."
      ))
    let unseen = entries.indices.filter { number in
      !groups.contains { $0.shards[number / 8] >> UInt8(number % 8) & 1 == 1 }
    }
    guard let first = unseen.first else { return }
    remarks.append(
      (true, "\(unseen.count) of \(entries.count) shards lie on no rank's disk, such as \(entries[first].name)."))
  }
}
