internal import CImage
import Foundation

/// The interpolation of ``RGBImage/resized(width:height:filter:window:)``; each is widened by the reduction, so that it
/// removes what would alias.
package enum ResizeFilter: String, Sendable, CaseIterable {
  /// Triangle, support 1.
  case bilinear
  /// Cubic convolution with a = -0.5 (Keys, 1981), support 2.
  case bicubic
  /// Lanczos-windowed sinc, support 3.
  case lanczos

  var support: Double {
    switch self {
    case .bilinear: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  func weight(_ distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .bilinear:
      return x < 1 ? 1 - x : 0
    case .bicubic:
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    case .lanczos:
      return x < 3 ? Self.sinc(distance) * Self.sinc(distance / 3) : 0
    }
  }

  private static func sinc(_ x: Double) -> Double {
    x == 0 ? 1 : sin(x * .pi) / (x * .pi)
  }
}

/// A rectangle of pixels.
package struct PixelWindow: Sendable, Hashable {
  package let x: Int, y: Int, width: Int, height: Int

  /// The rectangle whose upper left pixel is (x, y).
  package init(x: Int, y: Int, width: Int, height: Int) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }
}

/// One axis of a separable resampling in fixed point: which inputs each output sums, with which weights.
private struct ResamplingTable {
  let taps: [Int32]  // [count, 2]: first input, number of inputs
  let weights: [Int32]  // [count, stride]
  let stride: Int

  /// Source: Pillow, `Resample.c` (coefficients in double, normalised, rounded to 22 fractional bits).
  init(input: Int, output: Int, window: Range<Int>, filter: ResizeFilter) {
    let scale = Double(input) / Double(output)
    let widening = max(1, scale)
    let support = filter.support * widening
    stride = Int(support.rounded(.up)) * 2 + 1
    var taps: [Int32] = []
    var weights = [Int32](repeating: 0, count: window.count * stride)
    for (row, position) in window.enumerated() {
      let center = (Double(position) + 0.5) * scale
      let first = max(0, Int(center - support + 0.5))
      let last = min(input, Int(center + support + 0.5))
      let exact = (first..<last).map { filter.weight((Double($0) - center + 0.5) * (1 / widening)) }
      let sum = exact.reduce(0, +)
      for (tap, weight) in exact.enumerated() {
        let scaled = (sum != 0 ? weight / sum : weight) * Double(1 << CROCO_RESIZE_BITS)
        weights[row * stride + tap] = Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
      }
      taps += [Int32(first), Int32(last - first)]
    }
    self.taps = taps
    self.weights = weights
  }

  /// The inputs that any output needs.
  var inputs: Range<Int> {
    let ends = Swift.stride(from: 0, to: taps.count, by: 2).map { Int(taps[$0] + taps[$0 + 1]) }
    return Int(taps[0])..<(ends.max() ?? 0)
  }

  /// The same table for an input that starts at `origin`.
  func taps(from origin: Int) -> [Int32] {
    taps.enumerated().map { $0.offset % 2 == 0 ? $0.element - Int32(origin) : $0.element }
  }
}

extension RGBImage {
  /// The image resized with antialiasing, or a window of the resized image without the cost of the rest.
  ///
  /// Horizontal pass, then vertical, each rounded to 8 bits: equal to Pillow's `Image.resize`.
  ///
  /// - Parameter window: the part of the `width` x `height` result to compute; all of it by default.
  package func resized(width: Int, height: Int, filter: ResizeFilter, window: PixelWindow? = nil) -> RGBImage {
    let window = window ?? PixelWindow(x: 0, y: 0, width: width, height: height)
    precondition(
      window.x >= 0 && window.y >= 0 && window.width > 0 && window.height > 0 && window.x + window.width <= width
        && window.y + window.height <= height, "the window \(window) lies outside \(width)x\(height)")
    let rows = window.y..<(window.y + window.height)
    guard height != self.height else {
      return cropped(rows: rows).resizedHorizontally(width: width, window: window, filter: filter)
    }
    let table = ResamplingTable(input: self.height, output: height, window: rows, filter: filter)
    let needed = table.inputs
    let source = cropped(rows: needed).resizedHorizontally(width: width, window: window, filter: filter)
    let rowBytes = window.width * 3
    let pixels = [UInt8](unsafeUninitializedCapacity: window.height * rowBytes) { target, count in
      croco_resize_vertical(
        target.baseAddress, source.pixels, rowBytes, window.height, table.taps(from: needed.lowerBound), table.weights,
        table.stride)
      count = window.height * rowBytes
    }
    return RGBImage(width: window.width, height: window.height, pixels: pixels)
  }

  /// A rectangle cut out of the image.
  package func cropped(to window: PixelWindow) -> RGBImage {
    cropped(rows: window.y..<(window.y + window.height)).cropped(columns: window.x..<(window.x + window.width))
  }

  private func resizedHorizontally(width: Int, window: PixelWindow, filter: ResizeFilter) -> RGBImage {
    let columns = window.x..<(window.x + window.width)
    guard width != self.width else { return cropped(columns: columns) }
    let table = ResamplingTable(input: self.width, output: width, window: columns, filter: filter)
    let size = croco_resized_rows(rows: height, source_width: self.width, count: columns.count)
    let pixels = [UInt8](unsafeUninitializedCapacity: height * columns.count * 3) { target, count in
      croco_resize_horizontal(target.baseAddress, self.pixels, size, table.taps, table.weights, table.stride)
      count = height * columns.count * 3
    }
    return RGBImage(width: columns.count, height: height, pixels: pixels)
  }

  private func cropped(rows: Range<Int>) -> RGBImage {
    guard rows != 0..<height else { return self }
    let part = pixels[(rows.lowerBound * width * 3)..<(rows.upperBound * width * 3)]
    return RGBImage(width: width, height: rows.count, pixels: Array(part))
  }

  private func cropped(columns: Range<Int>) -> RGBImage {
    guard columns != 0..<width else { return self }
    let rowBytes = columns.count * 3
    let pixels = [UInt8](unsafeUninitializedCapacity: height * rowBytes) { target, count in
      self.pixels.withUnsafeBufferPointer { source in
        for y in 0..<height {
          let row = source.baseAddress! + (y * width + columns.lowerBound) * 3
          (target.baseAddress! + y * rowBytes).update(from: row, count: rowBytes)
        }
      }
      count = height * rowBytes
    }
    return RGBImage(width: columns.count, height: height, pixels: pixels)
  }
}
