import Foundation
import PairData
import Runtime
import Storage
import SyntheticScenes

/// Rendered scenes and what can be done to pictures of them.
enum MiningFixtures {
  /// Pairs of views of rendered scenes, one scene a pair.
  static func pairs(_ numbers: Range<Int>, size: Int = 256, baseline: CameraBaseline = .medium, seed: UInt64 = 3) throws
    -> [SceneSynthesizer.Pair]
  {
    let options = SceneSynthesizer.Options(
      pairs: numbers.upperBound, size: size, seed: seed, baseline: baseline, samplesPerAxis: 1)
    let synthesizer = SceneSynthesizer(options: options)
    return try synthesizer.pairs(numbers, pool: WorkerPool(workerCount: 2)) { $0 }
  }

  /// The picture that shows at (x, y) what `image` shows at `source(x, y)` (bilinear; black outside).
  static func warped(_ image: RGBImage, _ source: (_ x: Double, _ y: Double) -> (Double, Double)) -> RGBImage {
    var pixels = [UInt8](repeating: 0, count: image.pixels.count)
    for y in 0..<image.height {
      for x in 0..<image.width {
        let (u, v) = source(Double(x), Double(y))
        guard u >= 0, v >= 0, u < Double(image.width - 1), v < Double(image.height - 1) else { continue }
        let (left, top) = (Int(u), Int(v))
        let (fx, fy) = (u - Double(left), v - Double(top))
        for channel in 0..<3 {
          func at(_ dx: Int, _ dy: Int) -> Double {
            Double(image.pixels[((top + dy) * image.width + left + dx) * 3 + channel])
          }
          let value = (at(0, 0) * (1 - fx) + at(1, 0) * fx) * (1 - fy) + (at(0, 1) * (1 - fx) + at(1, 1) * fx) * fy
          pixels[(y * image.width + x) * 3 + channel] = UInt8(value.rounded())
        }
      }
    }
    return RGBImage(width: image.width, height: image.height, pixels: pixels)
  }

  /// Writes a picture as PNG, or as JPEG where the name ends so.
  static func write(_ image: RGBImage, _ path: String) throws {
    let format: ImageFormat = path.hasSuffix(".jpg") ? .jpeg : .png
    try Publication.publishBytes(EncodedImage(encoding: image, as: format, quality: 90, name: path).bytes, at: path)
  }
}
