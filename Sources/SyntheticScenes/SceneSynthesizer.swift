import Foundation
import PairData
import Runtime

/// Makes data sets of synthetic pairs with true flow.
///
/// Pair i is a function of the seed, i and the options alone: not of the number of threads or of pairs.
package struct SceneSynthesizer: Sendable {
  /// What is made.
  package struct Options: Sendable {
    /// The number of pairs.
    package var pairs: Int
    /// Width and height of a view in pixels.
    package var size: Int
    /// The seed of everything.
    package var seed: UInt64
    /// Pairs of one scene; all go to the same split.
    package var pairsPerScene: Int
    /// How far apart the cameras are.
    package var baseline: CameraBaseline
    /// Rays a pixel, along each axis.
    package var samplesPerAxis: Int
    /// Whether the true flow is stored.
    package var storesFlow: Bool

    /// One pair a scene, medium baseline, four rays a pixel, flow.
    package init(
      pairs: Int, size: Int, seed: UInt64, pairsPerScene: Int = 1, baseline: CameraBaseline = .medium,
      samplesPerAxis: Int = 2, storesFlow: Bool = true
    ) {
      precondition(pairs > 0 && pairsPerScene > 0, "\(pairs) pairs, \(pairsPerScene) a scene, cannot be made")
      self.pairs = pairs
      self.size = size
      self.seed = seed
      self.pairsPerScene = pairsPerScene
      self.baseline = baseline
      self.samplesPerAxis = samplesPerAxis
      self.storesFlow = storesFlow
    }
  }

  /// A rendered pair.
  package struct Pair: Sendable {
    package let view1: RGBImage, view2: RGBImage
    /// From view 1 to view 2.
    package let flow: FlowField
    /// The share of view 1 that view 2 shows.
    package let overlap: Float
    /// The number of the scene.
    package let scene: Int
  }

  /// What is made.
  package let options: Options

  /// A synthesizer of the pairs that `options` describe.
  package init(options: Options) { self.options = options }

  /// Renders pair `index`.
  ///
  /// - Throws: `Failure` of kind `internalError` where the scene offers no two views with enough overlap.
  package func pair(_ index: Int) throws -> Pair {
    let generator = SceneGenerator(seed: options.seed)
    let renderer = SceneRenderer(size: options.size, samplesPerAxis: options.samplesPerAxis)
    let sampler = ViewSampler(baseline: options.baseline, renderer: renderer)
    let number = index / options.pairsPerScene
    let scene = generator.scene(number)
    var random = generator.viewStream(scene: number, number: index % options.pairsPerScene)
    guard let views = sampler.views(scene, random: &random) else {
      throw Failure(
        .internalError, "Scene \(number) of seed \(options.seed) offers no two views with 30 to 90 % overlap.",
        hint: "Choose another --seed or --baseline.")
    }
    return Pair(
      view1: renderer.render(scene, from: views.view1), view2: renderer.render(scene, from: views.view2),
      flow: views.flow, overlap: views.overlap, scene: number)
  }

  /// Renders pairs `range` in parallel and hands them over in order.
  ///
  /// - Throws: what ``pair(_:)`` or `transform` throws first, in the order of the pairs.
  package func pairs<Result>(
    _ range: Range<Int>, pool: WorkerPool, transform: (Pair) throws -> Result
  ) throws -> [Result] {
    let results = UnsafeMutableBufferPointer<Swift.Result<Result, any Error>?>.allocate(capacity: range.count)
    results.initialize(repeating: nil)
    defer {
      results.deinitialize()
      results.deallocate()
    }
    pool.run(range.count) { task, _ in
      results[task] = Swift.Result { try transform(try pair(range.lowerBound + task)) }
    }
    return try results.map { try $0!.get() }
  }

  /// Renders all pairs into a data set. The caller finishes the writer.
  ///
  /// - Parameter progress: receives the number of pairs done, some times a second.
  /// - Throws: `Failure` from rendering or writing.
  package func write(to writer: DatasetWriter, pool: WorkerPool, progress: (_ done: Int) -> Void) throws {
    let chunk = max(pool.workerCount, min(256, (1 << 24) / (options.size * options.size)))
    let codec = writer.options.codec
    for start in stride(from: 0, to: options.pairs, by: chunk) {
      let range = start..<min(start + chunk, options.pairs)
      let done = try pairs(range, pool: pool) { pair in
        let name = "seed \(options.seed) scene \(pair.scene)"
        return (
          try ImageReference(pair.view1, codec: codec, source: name),
          try ImageReference(pair.view2, codec: codec, source: name),
          pair
        )
      }
      for (view1, view2, pair) in done {
        try writer.addPair(
          view1, view2, scene: pair.scene, overlap: pair.overlap, flow: options.storesFlow ? pair.flow.values : nil)
      }
      progress(range.upperBound)
    }
  }
}
