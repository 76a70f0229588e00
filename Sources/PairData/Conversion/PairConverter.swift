import Foundation
import Storage
import Tensors

/// Turns pairs of image files into a data set: read, decode, resize and encode in parallel, write in order.
public struct PairConverter {
  /// How images are converted.
  public struct Options: Sendable {
    /// Codec, shard size, splits.
    public var writer: DatasetWriter.Options
    /// Resizing, or nil to leave sizes as they are. Must be nil for `keep`.
    public var preparation: ImagePreparation?
    /// Whether pairs with a bad file are left out instead of ending the conversion.
    public var skipsBadFiles: Bool
    /// The number of threads; the result does not depend on it.
    public var threadCount: Int

    /// Options of a conversion; `keep` goes without preparation.
    public init(
      writer: DatasetWriter.Options, preparation: ImagePreparation? = nil, skipsBadFiles: Bool = false,
      threadCount: Int = 1
    ) {
      precondition(writer.codec != .keep || preparation == nil, "--codec keep stores files as they are")
      self.writer = writer
      self.preparation = preparation
      self.skipsBadFiles = skipsBadFiles
      self.threadCount = threadCount
    }
  }

  /// What became of a conversion.
  public struct Summary: Sendable {
    /// What was written.
    public let manifest: DatasetManifest
    /// Images that were read (again, where a later pair needed one that was no longer in memory).
    public let imagesRead: Int
    /// Pairs that were left out because of a bad file.
    public let skippedPairs: Int
    /// The bad files, in order of appearance, with what is wrong.
    public let badFiles: [Failure]
  }

  /// How pairs are converted.
  public let options: Options

  /// A converter with these options.
  public init(options: Options) { self.options = options }

  /// Converts pairs into the folder `output`.
  ///
  /// - Parameters:
  ///   - progress: receives the number of pairs done.
  ///   - log: receives a line for every shard and every bad file.
  /// - Throws: `Failure` of kind `badData` for the first bad file (unless they are skipped), `usage` or `inputOutput`
  ///   for the output. Nothing is left behind then.
  public func convert(
    _ pairs: [PairCandidate], to output: String, progress: (Int) -> Void = { _ in },
    log: @escaping (String) -> Void = { _ in }
  ) throws -> Summary {
    let writer = try DatasetWriter(output: output, options: options.writer, log: log)
    do {
      return try run(pairs, writer, progress, log)
    } catch {
      writer.cancel()
      throw error
    }
  }

  private func run(
    _ pairs: [PairCandidate], _ writer: DatasetWriter, _ progress: (Int) -> Void, _ log: (String) -> Void
  ) throws -> Summary {
    let pool = WorkerPool(workerCount: options.threadCount)
    var cache = ImageCache(pairs: pairs, byteLimit: options.writer.shardBytes)
    var badFiles: [Failure] = []
    var skippedPairs = 0
    var imagesRead = 0
    var start = 0
    while start < pairs.count {
      let batch = start..<min(pairs.count, start + 16 * options.threadCount)
      let missing = cache.missing(in: pairs[batch])
      imagesRead += missing.count
      for (request, result) in zip(missing, load(missing, pool)) {
        cache.insert(result, for: request)
        guard case .failure(let failure) = result else { continue }
        badFiles.append(failure)
        guard options.skipsBadFiles else { throw failure }
        log("bad file: \(failure)")
      }
      for index in batch {
        if let (view1, view2) = cache.images(of: pairs[index]) {
          try writer.addPair(view1, view2, scene: pairs[index].scene, overlap: pairs[index].overlap)
        } else {
          skippedPairs += 1
        }
      }
      cache.release(through: batch.upperBound)
      start = batch.upperBound
      progress(start)
    }
    guard skippedPairs < pairs.count else {
      throw Failure(.badData, "All \(pairs.count) pairs have a bad file.", hint: badFiles.first?.message)
    }
    return Summary(
      manifest: try writer.finish(), imagesRead: imagesRead, skippedPairs: skippedPairs, badFiles: badFiles)
  }

  /// Loads images in parallel; results keep the order of the requests.
  private func load(_ requests: [ImageCache.Request], _ pool: WorkerPool) -> [Result<ImageReference, Failure>] {
    let results = UnsafeMutableBufferPointer<Result<ImageReference, Failure>?>.allocate(capacity: requests.count)
    results.initialize(repeating: nil)
    defer { results.deinitialize().deallocate() }
    let groups = ImageCrop.groupsByOriginal(requests.map(\.view))
    pool.run(groups.count) { task, _ in
      var original: RGBImage?
      for index in groups[task] { results[index] = load(requests[index], &original) }
    }
    return results.map { $0! }
  }

  private func load(_ request: ImageCache.Request, _ original: inout RGBImage?) -> Result<ImageReference, Failure> {
    do {
      return .success(try options.image(of: request.view, number: request.number, original: &original))
    } catch {
      let failure = error as? Failure ?? Failure(.internalError, "\(request.view.path): \(error)")
      // A listed file that does not exist is a fault of the data, like any other bad file.
      let origin = request.origin.map { "\($0): " } ?? ""
      return .failure(Failure(.badData, origin + failure.message, hint: failure.hint))
    }
  }
}

/// Converted images that later pairs need again, in bounded memory.
struct ImageCache {
  /// An image to be loaded.
  struct Request {
    let view: PairCandidate.View
    let number: Int
    let origin: String?
  }

  private enum Content {
    case image(ImageReference)
    case bad
  }

  private var contents: [PairCandidate.View: Content] = [:]
  private var numbers: [PairCandidate.View: Int] = [:]
  private var lastUses: [PairCandidate.View: Int] = [:]
  private let byteLimit: Int

  init(pairs: [PairCandidate], byteLimit: Int) {
    self.byteLimit = byteLimit
    for (index, pair) in pairs.enumerated() {
      for view in [pair.view1, pair.view2] {
        if numbers[view] == nil { numbers[view] = numbers.count }
        lastUses[view] = index
      }
    }
  }

  /// The images of some pairs that are not at hand, each once, in order of appearance.
  func missing(in pairs: ArraySlice<PairCandidate>) -> [Request] {
    var seen: Set<PairCandidate.View> = []
    var requests: [Request] = []
    for pair in pairs {
      for view in [pair.view1, pair.view2] where contents[view] == nil && seen.insert(view).inserted {
        requests.append(Request(view: view, number: numbers[view]!, origin: pair.origin))
      }
    }
    return requests
  }

  mutating func insert(_ result: Result<ImageReference, Failure>, for request: Request) {
    contents[request.view] = (try? result.get()).map { .image($0) } ?? .bad
  }

  /// Both images of a pair, or nil where one is bad.
  func images(of pair: PairCandidate) -> (ImageReference, ImageReference)? {
    guard case .image(let view1) = contents[pair.view1], case .image(let view2) = contents[pair.view2] else {
      return nil
    }
    return (view1, view2)
  }

  /// Forgets images that no pair from number `next` on needs, and all where they take too much memory.
  mutating func release(through next: Int) {
    contents = contents.filter { (lastUses[$0.key] ?? 0) >= next }
    let bytes = contents.values.reduce(0) { total, content in
      if case .image(let image) = content { total + image.bytes.count } else { total }
    }
    if bytes > byteLimit { contents = contents.filter { if case .bad = $0.value { true } else { false } } }
  }
}
