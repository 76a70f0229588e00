import Foundation
import PairData
import Runtime
import Storage

/// The output folder of a conversion while it lasts: claimed for one process, resumable after a kill, completed by the
/// manifest. Held by one rank for all.
final class ConversionFolder {
  private let path: String
  private let didCreateFolder: Bool
  private let lock: FileLock
  /// Whether the same conversion has come to its manifest here before.
  private(set) var hasManifest = false

  private var descriptionPath: String { path.appending(path: ConversionDescription.fileName) }

  /// Claims a folder: a new or empty one, or one that holds the same conversion, and nobody works on.
  ///
  /// - Throws: `Failure` of kind `usage` (another conversion, or something else), `interrupted` (a living process) or
  ///   `inputOutput`.
  init(_ path: String, _ description: ConversionDescription) throws {
    self.path = path
    let file = path.appending(path: ConversionDescription.fileName)
    didCreateFolder = !FileSystem.exists(path)
    if !FileSystem.exists(file) { try OutputFolder.claim(path) }
    guard let lock = try FileLock(file) else {
      throw Failure(
        .interrupted, "Another process converts into \(path) right now.",
        hint: "Wait for it, or choose another \(.output).")
    }
    self.lock = lock
    try enter(description)
  }

  private func enter(_ description: ConversionDescription) throws {
    let found = try File.contents(of: descriptionPath, limit: 1 << 20)
    let hasWork = try FileSystem.names(in: path).contains {
      $0 != ConversionDescription.fileName && !$0.contains(Publication.temporaryMarker)
    }
    // A conversion that died while it described itself has done nothing yet.
    if found.isEmpty || !hasWork && !ConversionDescription.isWhole(found) {
      // Another conversion may have ended between our look at the folder and the lock.
      guard !hasWork else {
        throw Failure(.usage, "The output folder \(path) is not empty.", hint: "Choose another \(.output).")
      }
      try lock.file.truncate(to: 0)
      try lock.file.write(description.encoded(), at: 0)
      try lock.file.synchronize()
      try FileSystem.synchronize(path)
    } else {
      hasManifest = FileSystem.exists(path.appending(path: DatasetManifest.fileName))
      if let difference = try description.difference(from: Data(found), isComplete: hasManifest) {
        throw Failure(
          .usage,
          "\(path) holds \(hasManifest ? "a complete" : "an unfinished") conversion that is not this one: \(difference).",
          hint: "Give the same command as then, choose another \(.output), or remove the folder.")
      }
    }
    Publication.removeLeftovers(in: path)
  }

  /// The shards that are finished: those whose record or manifest, and whose file, are there.
  func finished(_ plan: ShardPlan) -> [ConvertedShard] {
    let manifest = try? DatasetManifest(folder: path)
    return plan.shards.indices.compactMap { number in
      record(number, plan.shards[number].name) ?? manifest.flatMap { record(number, plan.shards[number], $0) }
    }
  }

  private func record(_ number: Int, _ name: String) -> ConvertedShard? {
    guard let bytes = try? File.contents(of: path.appending(path: ConvertedShard.fileName(ofShard: name))),
      let record = try? JSONDecoder().decode(ConvertedShard.self, from: Data(bytes)), record.number == number
    else { return nil }
    guard let entry = record.entry else { return record }
    guard entry.name == name, (try? ShardFile.length(of: path.appending(path: name))) == entry.bytes else { return nil }
    return record
  }

  /// What the manifest says of a shard whose record has been removed; nil where the file is missing or has another length.
  private func record(_ number: Int, _ shard: ShardPlan.Shard, _ manifest: DatasetManifest) -> ConvertedShard? {
    let entry = manifest.shards(of: shard.split).first { $0.name == shard.name }
    if let entry, (try? ShardFile.length(of: path.appending(path: shard.name))) != entry.bytes { return nil }
    return ConvertedShard(
      number: number, entry: entry, imageSize: manifest.image,
      skippedPairs: shard.pairs.count - (entry?.pairs ?? 0), badFiles: [])
  }

  /// Publishes the manifest, and removes what only the conversion needs. Again where that was interrupted.
  func finish(_ manifest: DatasetManifest, _ plan: ShardPlan) throws {
    try FileSystem.synchronize(path)
    try Publication.publishBytes(manifest.encoded(), at: path.appending(path: DatasetManifest.fileName))
    removeRecords(plan)
  }

  /// Leaves the folder: finished shards stay for another try; without any, nothing does.
  func abandon(_ plan: ShardPlan) {
    guard finished(plan).isEmpty else { return }
    discard(plan)
  }

  /// Removes everything that the conversion wrote.
  func discard(_ plan: ShardPlan) {
    removeRecords(plan)
    for shard in plan.shards { try? FileSystem.remove(path.appending(path: shard.name)) }
    Publication.removeLeftovers(in: path)
    try? FileSystem.remove(descriptionPath)
    if didCreateFolder { try? FileSystem.removeFolder(path) }
  }

  private func removeRecords(_ plan: ShardPlan) {
    for shard in plan.shards {
      try? FileSystem.remove(path.appending(path: ConvertedShard.fileName(ofShard: shard.name)))
    }
  }
}

extension OutputFolder {
  /// Looks, before long work, whether a conversion may go to the folder: it is missing, empty, or holds a
  /// conversion. Claiming it comes later and is what counts.
  ///
  /// - Throws: `Failure` of kind `usage` where it holds something else.
  package static func check(_ path: String) throws(Failure) {
    let names = try FileSystem.names(in: path)
    if names.contains(ConversionDescription.fileName) { return }
    try checkEmpty(path, names)
  }
}
