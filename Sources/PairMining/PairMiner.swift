import Foundation
import Runtime

/// Finds pairs of overlapping views among unordered photographs or frames.
///
/// Features of every image, matches of images two at a time, one geometry that explains the matches, overlap, selection. The
/// result is a function of the images, their order and the options; not of the number of threads.
package struct PairMiner {
  /// What takes time.
  package enum Stage: String, Sendable {
    /// Finding features; counts images.
    case features
    /// Choosing which images to compare; counts images.
    case candidates
    /// Comparing; counts pairs of images.
    case comparison = "comparisons"
  }

  /// Receives what is being done, how much of it is done, and of how much.
  package typealias Progress = (_ stage: Stage, _ done: Int, _ total: Int) -> Void

  /// How pairs are looked for and which are taken.
  let options: MiningOptions

  /// A miner with these options.
  package init(options: MiningOptions = MiningOptions()) { self.options = options }

  /// Looks for pairs.
  ///
  /// - Parameters:
  ///   - scratch: a folder for a nameless file of some 400 kilobytes an image.
  ///   - log: receives a line for every bad image.
  /// - Throws: `Failure` of kind `badData` where fewer than two images can be read, or `inputOutput`.
  package func mine(
    _ images: [SourceImage], scratch: String, progress: Progress = { _, _, _ in }, log: (String) -> Void = { _ in }
  ) throws -> MiningResult {
    let pool = WorkerPool(workerCount: options.threadCount)
    var collection = try FeatureCollection(scratch: scratch)
    try collection.extract(images, options: options, pool: pool, progress: progress, log: log)
    guard collection.usable.count >= 2 else {
      throw Failure(
        .badData, "Of \(images.count) images \(collection.usable.count) can be used; a pair needs two different ones.",
        hint: collection.badImages.first.map { "\($0.reason)" })
    }
    let plan = plan(images, collection, pool, progress)
    let (pairs, unverified) = try compare(plan, collection, imageCount: images.count, pool, progress)
    let selection = PairSelection(options: options)
    return MiningResult(
      images: images, collection: collection, compared: plan.count, unverified: unverified, pairs: pairs,
      verdicts: selection.verdicts(pairs, imageCount: images.count),
      scenes: PairSelection.scenes(pairs, names: images.map(\.path)))
  }

  private func plan(
    _ images: [SourceImage], _ collection: FeatureCollection, _ pool: WorkerPool, _ progress: Progress
  ) -> [(Int, Int)] {
    switch options.comparison(imageCount: collection.usable.count) {
    case .all: return ComparisonPlan.all(collection.usable)
    case .window(let count): return ComparisonPlan.window(count, of: images, usable: collection.usable)
    case .candidates(let count):
      return ComparisonPlan.candidates(
        count, largest: collection.largestDescriptors, usable: collection.usable, pool: pool
      ) { progress(.candidates, $0, collection.usable.count) }
    }
  }

  /// Compares pairs in parallel; results keep the order of the plan.
  private func compare(
    _ plan: [(Int, Int)], _ collection: FeatureCollection, imageCount: Int, _ pool: WorkerPool, _ progress: Progress
  ) throws -> (pairs: [PairMeasurement], unverified: Int) {
    let matchers = (0..<pool.workerCount).map { _ in DescriptorMatcher() }
    let verifier = PairVerifier(selection: PairSelection(options: options))
    var pairs: [PairMeasurement] = []
    for start in stride(from: 0, to: plan.count, by: 16 * pool.workerCount) {
      let batch = Array(plan[start..<min(plan.count, start + 16 * pool.workerCount)])
      let results = pool.map(batch.count) { task, worker in
        let (first, second) = batch[task]
        let (a, b) = (try collection.features(of: first), try collection.features(of: second))
        let matches = matchers[worker].matches(a.descriptors, b.descriptors)
        return verifier.measure(
          a, b, first: first, second: second, matches: matches, number: start + task)
      }
      for result in results {
        if let pair = try result.get() { pairs.append(pair) }
      }
      progress(.comparison, start + batch.count, plan.count)
    }
    return (pairs, plan.count - pairs.count)
  }
}
