/// Pixels to paste images and short labels on, white at first: for contact sheets and pictures of reconstructions.
package struct PictureCanvas: Sendable {
  /// Width in pixels.
  package let width: Int
  /// Height in pixels.
  package let height: Int
  private var pixels: [UInt8]

  /// The height of a line of text, in pixels.
  package static let textHeight = 7
  /// The distance of two letters, in pixels.
  package static let letterWidth = 6

  /// A white canvas.
  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: 255, count: width * height * 3)
  }

  /// What has been drawn.
  package var image: RGBImage { RGBImage(width: width, height: height, pixels: pixels) }

  /// Draws an image with its upper left corner at (x, y), each pixel as `scale` x `scale`; it must fit.
  package mutating func paste(_ image: RGBImage, x: Int, y: Int, scale: Int = 1) {
    precondition(
      x >= 0 && y >= 0 && x + image.width * scale <= width && y + image.height * scale <= height,
      "an image of \(image.width)x\(image.height) does not fit at (\(x), \(y)) of \(width)x\(height)")
    for row in 0..<image.height * scale {
      for column in 0..<image.width * scale {
        let source = (row / scale * image.width + column / scale) * 3
        let target = ((y + row) * width + x + column) * 3
        for channel in 0..<3 { pixels[target + channel] = image.pixels[source + channel] }
      }
    }
  }

  /// Draws a straight line, one pixel wide; what lies outside is cut off.
  package mutating func line(from start: (x: Int, y: Int), to end: (x: Int, y: Int), color: [UInt8]) {
    let steps = max(1, abs(end.x - start.x), abs(end.y - start.y))
    for step in 0...steps {
      let x = start.x + ((end.x - start.x) * step * 2 + steps) / (2 * steps)
      let y = start.y + ((end.y - start.y) * step * 2 + steps) / (2 * steps)
      guard x >= 0, y >= 0, x < width, y < height else { continue }
      for channel in 0..<3 { pixels[(y * width + x) * 3 + channel] = color[channel] }
    }
  }

  /// The lines into which a text is broken, at spaces where it can be, so that none is wider than `width` pixels.
  package static func lines(_ text: String, width: Int) -> [String] {
    let letters = max(1, width / letterWidth)
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= letters {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word.prefix(letters)))
      }
    }
    return lines
  }

  /// Writes text in letters of 5 x 7 dots; what does not fit is cut off, characters without a form of theirs are boxes.
  package mutating func write(_ text: String, x: Int, y: Int) {
    for (place, character) in text.enumerated() where character != " " {
      let rows = Self.glyphs[character] ?? Self.box
      for (row, bits) in rows.enumerated() {
        for column in 0..<5 where bits >> (4 - column) & 1 == 1 {
          let (px, py) = (x + place * Self.letterWidth + column, y + row)
          guard px < width, py < height else { continue }
          for channel in 0..<3 { pixels[(py * width + px) * 3 + channel] = 60 }
        }
      }
    }
  }

  private static let box: [UInt8] = [31, 17, 17, 17, 17, 17, 31]

  /// Each glyph is seven rows of five dots, the leftmost in bit 4.
  private static let glyphs: [Character: [UInt8]] = [
    "A": [14, 17, 17, 31, 17, 17, 17], "B": [30, 17, 17, 30, 17, 17, 30], "C": [14, 17, 16, 16, 16, 17, 14],
    "D": [30, 17, 17, 17, 17, 17, 30], "E": [31, 16, 16, 30, 16, 16, 31], "F": [31, 16, 16, 30, 16, 16, 16],
    "G": [14, 17, 16, 23, 17, 17, 15], "H": [17, 17, 17, 31, 17, 17, 17], "I": [14, 4, 4, 4, 4, 4, 14],
    "J": [7, 2, 2, 2, 2, 18, 12], "K": [17, 18, 20, 24, 20, 18, 17], "L": [16, 16, 16, 16, 16, 16, 31],
    "M": [17, 27, 21, 21, 17, 17, 17], "N": [17, 25, 21, 19, 17, 17, 17], "O": [14, 17, 17, 17, 17, 17, 14],
    "P": [30, 17, 17, 30, 16, 16, 16], "Q": [14, 17, 17, 17, 21, 18, 13], "R": [30, 17, 17, 30, 20, 18, 17],
    "S": [15, 16, 16, 14, 1, 1, 30], "T": [31, 4, 4, 4, 4, 4, 4], "U": [17, 17, 17, 17, 17, 17, 14],
    "V": [17, 17, 17, 17, 17, 10, 4], "W": [17, 17, 17, 21, 21, 27, 17], "X": [17, 17, 10, 4, 10, 17, 17],
    "Y": [17, 17, 10, 4, 4, 4, 4], "Z": [31, 1, 2, 4, 8, 16, 31],
    "0": [14, 17, 19, 21, 25, 17, 14], "1": [4, 12, 4, 4, 4, 4, 14], "2": [14, 17, 1, 6, 8, 16, 31],
    "3": [30, 1, 1, 14, 1, 1, 30], "4": [2, 6, 10, 18, 31, 2, 2], "5": [31, 16, 30, 1, 1, 17, 14],
    "6": [6, 8, 16, 30, 17, 17, 14], "7": [31, 1, 2, 4, 8, 8, 8], "8": [14, 17, 17, 14, 17, 17, 14],
    "9": [14, 17, 17, 15, 1, 2, 12],
    "-": [0, 0, 0, 31, 0, 0, 0], ".": [0, 0, 0, 0, 0, 12, 12], ",": [0, 0, 0, 0, 12, 4, 8],
    ":": [0, 12, 12, 0, 12, 12, 0], "+": [0, 4, 4, 31, 4, 4, 0], "/": [1, 1, 2, 4, 8, 16, 16],
    "(": [2, 4, 8, 8, 8, 4, 2], ")": [8, 4, 2, 2, 2, 4, 8], "=": [0, 0, 31, 0, 31, 0, 0],
    "%": [25, 25, 2, 4, 8, 19, 19], "_": [0, 0, 0, 0, 0, 0, 31],
    "a": [0, 0, 14, 1, 15, 17, 15], "b": [16, 16, 22, 25, 17, 17, 30], "c": [0, 0, 14, 16, 16, 17, 14],
    "d": [1, 1, 13, 19, 17, 17, 15], "e": [0, 0, 14, 17, 31, 16, 14], "f": [6, 9, 8, 28, 8, 8, 8],
    "g": [0, 15, 17, 17, 15, 1, 14], "h": [16, 16, 22, 25, 17, 17, 17], "i": [4, 0, 12, 4, 4, 4, 14],
    "j": [2, 0, 6, 2, 2, 18, 12], "k": [16, 16, 18, 20, 24, 20, 18], "l": [12, 4, 4, 4, 4, 4, 14],
    "m": [0, 0, 26, 21, 21, 17, 17], "n": [0, 0, 22, 25, 17, 17, 17], "o": [0, 0, 14, 17, 17, 17, 14],
    "p": [0, 0, 30, 17, 30, 16, 16], "q": [0, 0, 13, 19, 15, 1, 1], "r": [0, 0, 22, 25, 16, 16, 16],
    "s": [0, 0, 14, 16, 14, 1, 30], "t": [8, 8, 28, 8, 8, 9, 6], "u": [0, 0, 17, 17, 17, 19, 13],
    "v": [0, 0, 17, 17, 17, 10, 4], "w": [0, 0, 17, 17, 21, 21, 10], "x": [0, 0, 17, 10, 4, 10, 17],
    "y": [0, 0, 17, 17, 15, 1, 14], "z": [0, 0, 31, 2, 4, 8, 31],
  ]
}
