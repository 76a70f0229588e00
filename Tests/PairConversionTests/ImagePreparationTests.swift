import DataFixtures
import PairConversion
import PairData
import Runtime
import Testing

@Suite struct ImagePreparationTests {
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
