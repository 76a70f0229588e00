import Foundation
import PairData
import Runtime
import Storage

/// Converts the shards of a plan one after the other: images in parallel, and the shard before goes to the disk
/// meanwhile. So at most two shards are in memory.
final class ShardConverter {
  private let pairs: [PairCandidate]
  private let plan: ShardPlan
  private let options: ConversionOptions
  private let output: String
  private let pool: WorkerPool
  private let writing = DispatchQueue(label: "croco.conversion.writing")
  private var pending: PendingShard?

  /// The number of images that were read.
  private(set) var imagesRead = 0

  init(_ pairs: [PairCandidate], _ plan: ShardPlan, _ options: ConversionOptions, output: String) {
    self.pairs = pairs
    self.plan = plan
    self.options = options
    self.output = output
    pool = WorkerPool(workerCount: options.threadCount)
  }

  /// A shard on its way to the disk; the queue and then the waiter use it, never both at once.
  private final class PendingShard: @unchecked Sendable {
    let done = DispatchGroup()
    var result: Result<ConvertedShard, any Error>?
  }

  /// What a shard holds before it is written.
  private struct Content: @unchecked Sendable {
    let number: Int
    let name: String
    let builder: ShardBuilder
    let skippedPairs: Int
    let badFiles: [ConvertedShard.BadFile]
    let maps: ConvertedShard.Maps?
    let large: LargeImages?
  }

  /// Converts shards and returns their records in that order.
  ///
  /// - Parameters:
  ///   - progress: receives the number of pairs done.
  ///   - log: receives a line for every shard and every bad file.
  /// - Throws: `Failure` of kind `badData` for the first bad file, unless they are skipped, or `inputOutput`.
  func convert(
    _ numbers: [Int], progress: (Int) -> Void, log: (String) -> Void
  ) throws -> [ConvertedShard] {
    var records: [ConvertedShard] = []
    var done = 0
    // Nothing may go on writing when this returns, however it does.
    defer { pending?.done.wait() }
    func collect() throws {
      guard let pending else { return }
      pending.done.wait()
      self.pending = nil
      let record = try pending.result!.get()
      if let entry = record.entry {
        log(entry.summary)
      }
      records.append(record)
    }
    for number in numbers {
      let content = try load(number, progress: { progress(done + $0) }, log: log)
      try collect()
      startWriting(content)
      done += plan.shards[number].pairs.count
      progress(done)
    }
    try collect()
    return records
  }

  // MARK: Reading

  private func load(_ number: Int, progress: (Int) -> Void, log: (String) -> Void) throws -> Content {
    let shard = plan.shards[number]
    let numbers = plan.images(of: shard)
    var images: [Int: ImageReference] = [:]
    var badFiles: [ConvertedShard.BadFile] = []
    var maps: [String] = []
    let batch = 32 * options.threadCount
    for start in stride(from: 0, to: numbers.count, by: batch) {
      let part = numbers[start..<min(numbers.count, start + batch)]
      for (image, result) in zip(part, load(part)) {
        switch result {
        case .success(let prepared):
          images[image] = prepared.reference
          if prepared.resemblesMap { maps.append(prepared.reference.source) }
        case .failure(let failure):
          guard options.skipsBadFiles else { throw failure }
          log("bad file: \(failure)")
          badFiles.append(.init(image: image, message: failure.message, hint: failure.hint))
        }
      }
      progress(shard.pairs.count * (start + part.count) / numbers.count)
    }
    imagesRead += numbers.count
    let builder = ShardBuilder(options.dataset)
    for pair in shard.pairs {
      let (first, second) = plan.images.images(ofPair: pair)
      guard let view1 = images[first], let view2 = images[second] else { continue }
      builder.add(view1, view2, scene: plan.scenes[pair], overlap: pairs[pair].overlap, flow: nil)
    }
    return Content(
      number: number, name: shard.name, builder: builder, skippedPairs: shard.pairs.count - builder.pairCount,
      badFiles: badFiles, maps: maps.first.map { .init(count: maps.count, first: $0) },
      // A size that was asked for is what is wanted.
      large: options.preparation == nil ? LargeImages(images.values) : nil)
  }

  /// Loads images in parallel; results keep the order of the numbers.
  private func load(_ numbers: ArraySlice<Int>) -> [Result<PreparedImage, Failure>] {
    let groups = ImageCrop.groupsByOriginal(numbers.map { plan.images.use(ofImage: $0, in: pairs).view })
    let loaded = pool.map(groups.count) { task, _ in
      var original: RGBImage?
      return groups[task].map { (place: $0, result: load(numbers[numbers.startIndex + $0], &original)) }
    }
    var results = [Result<PreparedImage, Failure>?](repeating: nil, count: numbers.count)
    for case .success(let group) in loaded {
      for (place, result) in group { results[place] = result }
    }
    return results.map { $0! }
  }

  private func load(_ number: Int, _ original: inout RGBImage?) -> Result<PreparedImage, Failure> {
    let (view, pair) = plan.images.use(ofImage: number, in: pairs)
    do {
      let prepared = try options.image(of: view, number: number, original: &original)
      try checkRawSize(prepared.reference, view)
      return .success(prepared)
    } catch {
      let failure = error as? Failure ?? Failure(.internalError, "\(view.path): \(error)")
      // A listed file that does not exist is a fault of the data, like any other bad file.
      let origin = pair.origin.map { "\($0): " } ?? ""
      return .failure(Failure(.badData, origin + failure.message, hint: failure.hint))
    }
  }

  private func checkRawSize(_ image: ImageReference, _ view: PairCandidate.View) throws(Failure) {
    guard let size = plan.rawSize, (image.height, image.width) != (size.height, size.width) else { return }
    throw Failure(
      .badData,
      "\(view.path) is \(sizeText(height: image.height, width: image.width)), the first image "
        + "\(sizeText(height: size.height, width: size.width)).",
      hint: .oneSizeForRaw)
  }

  // MARK: Writing

  private func startWriting(_ content: Content) {
    let shard = PendingShard()
    pending = shard
    let output = output
    writing.async(group: shard.done) {
      shard.result = Result { try Self.write(content, to: output) }
    }
  }

  /// First the shard under its final name, then its record, which makes it count as finished.
  private static func write(_ content: Content, to output: String) throws -> ConvertedShard {
    var entry: DatasetManifest.Shard?
    if content.builder.pairCount > 0 {
      try Publication.publishFile(at: output.appending(path: content.name)) { temporary in
        entry = try content.builder.write(to: temporary, name: content.name)
      }
    }
    let record = ConvertedShard(
      number: content.number, entry: entry, imageSize: content.builder.commonSize, skippedPairs: content.skippedPairs,
      badFiles: content.badFiles, maps: content.maps, large: content.large)
    try Publication.publishBytes(
      JSON.encode(record), at: output.appending(path: ConvertedShard.fileName(ofShard: content.name)))
    return record
  }
}
