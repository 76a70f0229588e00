import DataFixtures
import Foundation
import PairConversion
import PairData
import TestSupport
import Testing

/// `keep` stores files as they are, but not without having looked at them.
@Suite("Files that are kept") struct KeptFileTests {
  private func write(_ bytes: [UInt8], _ path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  private func jpeg(_ index: Int) throws -> [UInt8] {
    try EncodedImage(encoding: picture(index), as: .jpeg, name: "").bytes
  }

  private func options(checks: Bool, skips: Bool = false) -> ConversionOptions {
    .init(
      dataset: .init(codec: .keep, validationFraction: 0), skipsBadFiles: skips, checksKeptFiles: checks, threadCount: 2
    )
  }

  @Test("A file that is damaged after its header is a bad file, unless files are not checked")
  func damage() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/in", withIntermediateDirectories: true)
      for index in 0..<3 { try write(jpeg(index), folder + "/in/\(index).jpg") }
      let whole = try jpeg(3)
      try write(Array(whole.prefix(whole.count * 2 / 3)), folder + "/in/3.jpg")
      let pairs = try FrameSequences(gaps: 1...1).pairs(in: folder + "/in")
      let refusal = failure { try convert(pairs, options(checks: true), to: folder + "/a") }
      #expect(refusal?.kind == .badData && refusal?.message.contains("3.jpg is a damaged JPEG") == true)
      let summary = try convert(pairs, options(checks: true, skips: true), to: folder + "/b")
      #expect(summary.badFiles.count == 1 && summary.manifest.pairCount(of: .train) == 2)
      #expect(try convert(pairs, options(checks: false), to: folder + "/c").manifest.pairCount(of: .train) == 3)
    }
  }

  @Test(
    "Images that are stored much larger than a training crop are counted, with the largest; not where a size is asked for"
  )
  func large() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/in", withIntermediateDirectories: true)
      // Both sides of the first two are above twice the usual crop.
      for (index, size) in [(450, 500), (500, 450), (448, 600), (100, 60)].enumerated() {
        let pixels = [UInt8](repeating: UInt8(100 + index), count: size.0 * size.1 * 3)
        let image = RGBImage(width: size.1, height: size.0, pixels: pixels)
        try write(EncodedImage(encoding: image, as: .jpeg, name: "").bytes, folder + "/in/\(index).jpg")
      }
      let pairs = try FrameSequences(gaps: 1...1).pairs(in: folder + "/in")
      let large = try #require(try convert(pairs, options(checks: true), to: folder + "/a").large)
      #expect(large.count == 2 && large.height == 500 && large.width == 450)
      let sentence = large.advice(of: 4).description
      #expect(
        sentence.hasPrefix("2 of 4 images are stored with more than 448 x 448 pixels, the largest with 500x450"),
        "\(sentence)")
      let sized = ConversionOptions(
        dataset: .init(codec: .png, validationFraction: 0),
        preparation: .init(height: 450, width: 450, allowsUpscaling: true))
      #expect(try convert(pairs, sized, to: folder + "/b").large == nil)
      #expect(try convert([pairs[2]], options(checks: true), to: folder + "/c").large == nil)
    }
  }

  @Test("Palette and 16-bit grey files among colour images are counted; alone they are what is wanted")
  func maps() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/in", withIntermediateDirectories: true)
      for index in 0..<2 { try write(jpeg(index), folder + "/in/\(index).jpg") }
      for (index, name) in [(2, "grey16"), (3, "palette")] {
        let fixture = try #require(Bundle.module.url(forResource: "Fixtures/" + name, withExtension: "png"))
        try write(Array(Data(contentsOf: fixture)), folder + "/in/\(index).png")
      }
      let pairs = try FrameSequences(gaps: 1...1).pairs(in: folder + "/in")
      let summary = try convert(pairs, options(checks: true), to: folder + "/a")
      #expect(summary.maps?.count == 2 && summary.maps?.example == "2.png")
      #expect(try convert([pairs[0]], options(checks: true), to: folder + "/b").maps == nil)
      #expect(try convert([pairs[2]], options(checks: true), to: folder + "/c").maps == nil)
    }
  }
}
