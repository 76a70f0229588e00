import Foundation

/// The shards of a split that are in use: opened when first needed, and closed again beyond a limit.
///
/// Which one is closed is the second-chance approximation of the least recently used (Corbato, "A Paging Experiment with
/// the Multics System", 1968). What a shard's index was found to be is kept, so that it is checked once a process.
final class ShardCache: @unchecked Sendable {
  private struct Slot {
    var shard: Int
    var reader: ShardReader
    var wasUsed: Bool
  }

  private let openReader: @Sendable (_ shard: Int, _ layout: ShardLayout?) throws -> ShardReader
  private let limit: Int
  private let condition = NSCondition()
  // Guarded by `condition`.
  private var layouts: [ShardLayout?]
  private var slots: [Slot] = []
  private var slotOfShard: [Int: Int] = [:]
  private var opening: Set<Int> = []
  private var hand = 0

  /// A cache of `shardCount` shards, of which at most `limit` are open while nobody reads.
  init(
    shardCount: Int, limit: Int = ShardCache.defaultLimit,
    open: @escaping @Sendable (_ shard: Int, _ layout: ShardLayout?) throws -> ShardReader
  ) {
    precondition(limit >= 1, "a cache of \(limit) shards holds nothing")
    layouts = Array(repeating: nil, count: shardCount)
    self.limit = limit
    openReader = open
  }

  /// Half of the files that this process may have open: the rest is for MPI's connections and the run's own files.
  static let defaultLimit: Int = {
    var limits = rlimit()
    #if canImport(Darwin)
      let resource = RLIMIT_NOFILE
    #else
      let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #endif
    guard getrlimit(resource, &limits) == 0 else { return 128 }
    return max(16, Int(min(limits.rlim_cur, 8192)) / 2)
  }()

  /// The number of shards that are open.
  var openCount: Int {
    condition.lock()
    defer { condition.unlock() }
    return slots.count
  }

  /// A shard, open as long as it is held. Threads that want one that is being opened wait; others do not.
  ///
  /// - Throws: the `Failure` of opening it, at every call.
  func reader(_ shard: Int) throws -> ShardReader {
    condition.lock()
    while opening.contains(shard) { condition.wait() }
    if let slot = slotOfShard[shard] {
      slots[slot].wasUsed = true
      let reader = slots[slot].reader
      condition.unlock()
      return reader
    }
    opening.insert(shard)
    let layout = layouts[shard]
    condition.unlock()

    let result = Result { try openReader(shard, layout) }
    condition.lock()
    opening.remove(shard)
    var evicted: ShardReader?
    if case .success(let reader) = result {
      layouts[shard] = reader.layout
      evicted = insert(reader, of: shard)
    }
    condition.broadcast()
    condition.unlock()
    // The file is closed here, outside the lock.
    withExtendedLifetime(evicted) {}
    return try result.get()
  }

  /// Puts a reader into a free slot or one whose shard was not used of late; returns that shard's reader.
  private func insert(_ reader: ShardReader, of shard: Int) -> ShardReader? {
    let slot = Slot(shard: shard, reader: reader, wasUsed: false)
    guard slots.count == limit else {
      slotOfShard[shard] = slots.count
      slots.append(slot)
      return nil
    }
    while slots[hand].wasUsed {
      slots[hand].wasUsed = false
      hand = (hand + 1) % limit
    }
    let evicted = slots[hand]
    slotOfShard[evicted.shard] = nil
    slotOfShard[shard] = hand
    slots[hand] = slot
    hand = (hand + 1) % limit
    return evicted.reader
  }
}
