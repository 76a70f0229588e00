import Foundation
import PairData

/// A contact sheet of synthetic pairs: view 1, view 2, and the flow in colours, side by side.
struct ScenePreview {
  private let columns: Int
  private let cell: Int
  private let gap = 4
  private var rows: [[UInt8]] = []
  private let size: Int
  private let zoom: Int
  private var count = 0

  /// An empty sheet for pairs of `size` x `size` pixels, `columns` pairs a row, small pictures enlarged to 128 pixels.
  init(size: Int, columns: Int = 3) {
    self.size = size
    self.columns = columns
    zoom = max(1, 128 / size)
    cell = size * zoom + gap
  }

  /// Adds a pair to the sheet.
  mutating func add(_ pair: SceneSynthesizer.Pair) {
    let pictures = [pair.view1.pixels, pair.view2.pixels, Self.colors(of: pair.flow)]
    let width = columns * (3 * cell + gap)
    if count % columns == 0 {
      rows.append(contentsOf: Array(repeating: [UInt8](repeating: 255, count: 3 * width), count: cell))
    }
    let top = rows.count - cell
    for (number, picture) in pictures.enumerated() {
      let left = (count % columns) * (3 * cell + gap) + number * cell
      for y in 0..<(size * zoom) {
        for x in 0..<(size * zoom) {
          for channel in 0..<3 {
            rows[top + y][3 * (left + x) + channel] = picture[3 * ((y / zoom) * size + x / zoom) + channel]
          }
        }
      }
    }
    count += 1
  }

  /// The sheet, or nil while it is empty.
  var image: RGBImage? {
    guard let first = rows.first else { return nil }
    return RGBImage(width: first.count / 3, height: rows.count, pixels: Array(rows.joined()))
  }

  /// Direction as hue and length as saturation (full at a quarter of the picture); grey where there is no flow.
  static func colors(of flow: FlowField) -> [UInt8] {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(flow.size * flow.size * 3)
    for pixel in 0..<(flow.size * flow.size) {
      let (x, y) = (flow.values[2 * pixel], flow.values[2 * pixel + 1])
      guard x.isFinite else {
        pixels += [96, 96, 96]
        continue
      }
      let length = min(1, 4 * (x * x + y * y).squareRoot() / Float(flow.size))
      let angle = atan2(y, x)
      for channel in 0..<3 {
        let hue = 0.5 + 0.5 * cos(angle - Float(channel) * 2.0944)
        pixels.append(UInt8(255 * (1 - length * (1 - hue))))
      }
    }
    return pixels
  }
}
