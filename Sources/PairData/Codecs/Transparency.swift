/// Pixels with transparency, of which images have none.
enum Transparency {
  /// RGBA laid over white: [pixels, 4] to RGB [pixels, 3].
  static func overWhite(_ rgba: [UInt8]) -> [UInt8] {
    let count = rgba.count / 4
    return rgba.withUnsafeBufferPointer { source in
      [UInt8](unsafeUninitializedCapacity: count * 3) { target, written in
        for pixel in 0..<count {
          let alpha = UInt32(source[4 * pixel + 3])
          for channel in 0..<3 {
            let value = UInt32(source[4 * pixel + channel]) * alpha + 255 * (255 - alpha)
            target[3 * pixel + channel] = UInt8((value + 127) / 255)
          }
        }
        written = count * 3
      }
    }
  }
}
