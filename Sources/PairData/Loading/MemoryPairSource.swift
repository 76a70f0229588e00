/// Pairs that are already decoded, in memory: for over-fitting a batch, single pictures, benchmarks.
package struct MemoryPairSource: PairSource {
  private let pairs: [(view1: RGBImage, view2: RGBImage)]
  private let scenes: [Int]

  /// Holds `pairs`.
  ///
  /// - Parameter scenes: the scene of each pair; nil makes every pair a scene of its own.
  package init(pairs: [(view1: RGBImage, view2: RGBImage)], scenes: [Int]? = nil) {
    let scenes = scenes ?? Array(pairs.indices)
    precondition(scenes.count == pairs.count, "\(pairs.count) pairs need as many scenes, not \(scenes.count)")
    self.pairs = pairs
    self.scenes = scenes
  }

  /// Decodes the given pairs of another source, in that order.
  ///
  /// - Throws: `Failure` of the source.
  package init(_ source: some PairSource, pairs indices: some Sequence<Int>) throws {
    let indices = Array(indices)
    self.init(pairs: try indices.map(source.images(ofPair:)), scenes: try indices.map(source.scene(ofPair:)))
  }

  /// The number of pairs.
  package var count: Int { pairs.count }

  /// Both images of pair `index`.
  package func images(ofPair index: Int) -> (view1: RGBImage, view2: RGBImage) { pairs[index] }

  /// The scene that pair `index` belongs to.
  package func scene(ofPair index: Int) -> Int { scenes[index] }
}
