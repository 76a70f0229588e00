import Foundation
import PairData
import Runtime

/// Gives `body` the path of a fresh folder, which is removed afterwards. The path has spaces on purpose.
package func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let path = NSTemporaryDirectory() + "croco tests \(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

/// Makes a symbolic link.
package func link(_ path: String, to target: String) throws {
  try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
}

/// A smooth picture with some noise that differs for every `index`: no photograph, but it compresses like one.
package func picture(_ index: Int, width: Int = 40, height: Int = 32) -> RGBImage {
  var random = RandomStream(seed: 7, purpose: .test, index: index)
  var pixels = [UInt8](repeating: 0, count: width * height * 3)
  for y in 0..<height {
    for x in 0..<width {
      let value = [x * 5 + index * 11, y * 6, (x + y) * 3 + index * 5]
      for channel in 0..<3 {
        // A triangle wave: no jumps, which JPEG would blur.
        let wave = abs((value[channel] & 511) - 256)
        pixels[(y * width + x) * 3 + channel] = UInt8(min(255, wave * 15 / 16 + random.nextIndex(below: 16)))
      }
    }
  }
  return RGBImage(width: width, height: height, pixels: pixels)
}

/// The mean absolute difference of two images of one size, in grey levels.
package func meanDifference(_ a: RGBImage, _ b: RGBImage) -> Double {
  guard a.width == b.width, a.height == b.height else { return .infinity }
  let sum = zip(a.pixels, b.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
  return Double(sum) / Double(a.pixels.count)
}

/// Writes a small data set of `pairs` consecutive pictures, three pairs a scene, and returns its manifest.
@discardableResult
package func writeDataset(
  _ folder: String, codec: StorageCodec, pairs: Int = 12, shardBytes: Int = 1 << 20, flow: Bool = false
) throws -> DatasetManifest {
  let writer = try DatasetWriter(
    output: folder,
    options: .init(codec: codec, shardBytes: shardBytes, validationFraction: 0.5, seed: 5, licence: "CC0"))
  var previous = try writer.addImage(picture(0), source: "folder/picture 0.png")
  for pair in 0..<pairs {
    let next = try writer.addImage(picture(pair + 1), source: "folder/picture \(pair + 1).png")
    let values = flow ? (0..<(40 * 32 * 2)).map { Float($0 + pair) } : nil
    try writer.addPair(previous, next, scene: "scene \(pair / 3)", overlap: Float(pair) / 16, flow: values)
    previous = next
  }
  return try writer.finish()
}

/// Writes four pairs with flow into two shards or more.
package func writeFourPairs(_ folder: String) throws {
  try writeDataset(folder, codec: .raw, pairs: 4, shardBytes: 40_000, flow: true)
}

/// All files of a folder with their contents.
package func contents(of folder: String) throws -> [String: Data] {
  var files: [String: Data] = [:]
  for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
    files[name] = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
  }
  return files
}

/// The `Failure` that `body` throws, or nil where it throws none.
package func failure(_ body: () throws -> Void) -> Failure? {
  do {
    try body()
    return nil
  } catch {
    return error as? Failure
  }
}
