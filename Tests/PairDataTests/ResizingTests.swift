import DataFixtures
import Foundation
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
}
