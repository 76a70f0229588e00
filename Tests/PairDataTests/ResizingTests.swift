import DataFixtures
import Foundation
import PairConversion
import PairData
import Storage
import Testing

/// The path of a fixture of this module.
func fixture(_ name: String) throws -> String {
  try #require(Bundle.module.path(forResource: "Fixtures/" + name, ofType: nil))
}

/// An image that a safetensors fixture holds as [H, W, 3].
func storedImage(_ reader: SafetensorsReader, _ name: String) throws -> RGBImage {
  let shape = try #require(reader.entry(named: name)).shape
  return RGBImage(width: shape[1], height: shape[0], pixels: try reader.bytes(name))
}

@Suite struct ResizingTests {
  // Recorded from Pillow 13: noise and edges, reduced, enlarged, and along one axis only.
  @Test("resizing equals Pillow's", arguments: ResizeFilter.allCases)
  func equalsPillow(filter: ResizeFilter) throws {
    let reader = try SafetensorsReader(path: fixture("pillow_resize.safetensors"))
    let input = try storedImage(reader, "input")
    let cases = reader.entries.filter { $0.name.hasPrefix(filter.rawValue + ".") }
    #expect(cases.count == 6)
    for entry in cases {
      let result = input.resized(width: entry.shape[1], height: entry.shape[0], filter: filter)
      #expect(result == (try storedImage(reader, entry.name)), "\(entry.name)")
    }
  }

  @Test("a window of the result equals the same window cut out afterwards", arguments: ResizeFilter.allCases)
  func window(filter: ResizeFilter) throws {
    let input = picture(3, width: 57, height: 41)
    let whole = input.resized(width: 33, height: 24, filter: filter)
    let window = PixelWindow(x: 5, y: 7, width: 20, height: 11)
    #expect(input.resized(width: 33, height: 24, filter: filter, window: window) == whole.cropped(to: window))
    let same = input.resized(width: 57, height: 41, filter: filter, window: window)
    #expect(same == input.cropped(to: window))
  }

  @Test("crop keeps the aspect ratio and takes the middle, stretch takes everything")
  func fits() throws {
    let image = picture(1, width: 80, height: 40)
    let crop = try ImagePreparation(height: 20, width: 20).apply(to: image, number: 0, name: "a")
    let full = image.resized(width: 40, height: 20, filter: .lanczos)
    #expect(crop == full.cropped(to: PixelWindow(x: 10, y: 0, width: 20, height: 20)))
    let stretch = try ImagePreparation(height: 20, width: 20, fit: .stretch).apply(to: image, number: 0, name: "a")
    #expect(stretch == image.resized(width: 20, height: 20, filter: .lanczos))
  }

  @Test("a random crop depends on the seed and the image's number only")
  func randomCrops() throws {
    let image = picture(1, width: 200, height: 40)
    func crop(_ seed: UInt64, _ number: Int) throws -> RGBImage {
      try ImagePreparation(height: 20, width: 20, fit: .randomCrop, seed: seed).apply(
        to: image, number: number, name: "a")
    }
    #expect(try crop(1, 5) == crop(1, 5))
    #expect(try crop(1, 5) != crop(1, 6))
    #expect(try crop(1, 5) != crop(2, 5))
  }

  @Test("an image that is too small is bad data, unless it may be enlarged")
  func upscaling() throws {
    let image = picture(1, width: 60, height: 30)
    let refusal = failure {
      _ = try ImagePreparation(height: 32, width: 32).apply(to: image, number: 0, name: "small.png")
    }
    #expect(refusal?.kind == .badData)
    #expect(refusal?.message.contains("small.png") == true)
    let allowed = ImagePreparation(height: 32, width: 32, allowsUpscaling: true)
    #expect(try allowed.apply(to: image, number: 0, name: "a").width == 32)
  }
}
