import PairData
import Runtime
import SyntheticScenes

/// Pairs to measure with, where there is no data set.
enum SyntheticPairs {
  /// Decoded pairs of random pixels, an eighth larger than the crop, as data sets usually are.
  static func pixels(height: Int, width: Int, count: Int = 16) -> MemoryPairSource {
    func image(_ index: Int) -> RGBImage {
      let (height, width) = (height + height / 8, width + width / 8)
      var random = RandomStream(seed: 0, purpose: .test, index: index)
      return RGBImage(
        width: width, height: height,
        pixels: (0..<height * width * 3).map { _ in UInt8(truncatingIfNeeded: random.nextWord() >> 24) })
    }
    return MemoryPairSource(pairs: (0..<count).map { (image(2 * $0), image(2 * $0 + 1)) })
  }

  /// Rendered scenes as JPEG files in memory, decoded at every access.
  ///
  /// - Parameter size: side of an image in pixels.
  /// - Throws: `Failure` from rendering or encoding.
  static func photographs(size: Int, count: Int = 16, pool: WorkerPool) throws -> some PairSource {
    let options = SceneSynthesizer.Options(pairs: count, size: size, seed: 0, samplesPerAxis: 1, storesFlow: false)
    return EncodedPairs(
      pairs: try SceneSynthesizer(options: options).pairs(0..<count, pool: pool) { pair in
        let name = "scene \(pair.scene)"
        return (
          try EncodedImage(encoding: pair.view1, as: .jpeg, name: name),
          try EncodedImage(encoding: pair.view2, as: .jpeg, name: name)
        )
      })
  }
}

/// Image files in memory.
private struct EncodedPairs: PairSource {
  let pairs: [(view1: EncodedImage, view2: EncodedImage)]

  var count: Int { pairs.count }

  func images(ofPair index: Int) throws -> (view1: RGBImage, view2: RGBImage) {
    (try pairs[index].view1.decoded(), try pairs[index].view2.decoded())
  }

  func scene(ofPair index: Int) -> Int { index }
}
