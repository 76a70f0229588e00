import Foundation
import PairData
import Runtime
import Storage

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
        hint: "Choose another \(.seed) or \(.baseline).")
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
    try pool.map(range.count) { task, _ in try transform(try pair(range.lowerBound + task)) }.map { try $0.get() }
  }

  /// Renders all pairs into a data set.
  ///
  /// - Parameters:
  ///   - dataset: how it is written.
  ///   - preview: a PNG file for a contact sheet of the first pairs, written before all else; nil for none.
  ///   - progress: receives how many pairs of how many are done.
  /// - Throws: `Failure` of kind `usage` or `inputOutput` for the output, or from rendering. Nothing is left behind then.
  package func write(
    to output: String, as dataset: DatasetOptions, preview: String? = nil, pool: WorkerPool,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> DatasetManifest {
    let writer = try DatasetWriter(output: output, options: dataset)
    if let preview { try writePreview(pool, to: preview) }
    try write(to: writer, pool: pool, progress: progress)
    return try writer.finish()
  }

  private func writePreview(_ pool: WorkerPool, to path: String) throws {
    var sheet = ScenePreview(size: options.size)
    for pair in try pairs(0..<min(options.pairs, 24), pool: pool, transform: { $0 }) { sheet.add(pair) }
    guard let image = sheet.image else { return }
    try Publication.publishBytes(PNGCodec.encode(image), at: path)
  }

  private func write(to writer: DatasetWriter, pool: WorkerPool, progress: (_ done: Int, _ total: Int) -> Void) throws {
    // Some pairs at once, of at most 16 million pixels.
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
      progress(range.upperBound, options.pairs)
    }
  }
}

extension Advice.Term {
  /// How far apart the cameras are.
  package static let baseline = Advice.Term("baseline")
}
