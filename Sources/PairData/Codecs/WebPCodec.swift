internal import CWebP
import Runtime

/// WebP through libwebp; read, not written.
enum WebPCodec {
  /// The stored size and orientation (from an EXIF chunk).
  ///
  /// - Throws: `Failure` of kind `badData` that names the file: damaged, an animation, too large.
  static func header(
    of bytes: UnsafeRawBufferPointer, name: String
  ) throws(Failure) -> (width: Int, height: Int, orientation: Orientation) {
    let features = try features(bytes, name)
    return (Int(features.width), Int(features.height), Orientation(webp: bytes))
  }

  /// Decodes to RGB as stored; transparency is laid over white.
  ///
  /// - Throws: `Failure` of kind `badData` that names the file: damaged, cut off, an animation, too large.
  static func decode(_ bytes: UnsafeRawBufferPointer, name: String) throws(Failure) -> RGBImage {
    let features = try features(bytes, name)
    let (width, height) = (Int(features.width), Int(features.height))
    let hasAlpha = features.has_alpha != 0
    let channels = hasAlpha ? 4 : 3
    var isWhole = false
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * channels) { buffer, count in
      let data = bytes.bindMemory(to: UInt8.self).baseAddress
      let stride = Int32(width * channels)
      let decode = hasAlpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto
      isWhole = decode(data, bytes.count, buffer.baseAddress, width * height * channels, stride) != nil
      count = isWhole ? width * height * channels : 0
    }
    guard isWhole else { throw damaged(name, "its data is cut off or wrong") }
    return RGBImage(width: width, height: height, pixels: hasAlpha ? Transparency.overWhite(pixels) : pixels)
  }

  private static func features(
    _ bytes: UnsafeRawBufferPointer, _ name: String
  ) throws(Failure) -> WebPBitstreamFeatures {
    var features = WebPBitstreamFeatures()
    let status = WebPGetFeatures(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &features)
    guard status == VP8_STATUS_OK else { throw damaged(name, "its header is cut off or wrong") }
    guard features.has_animation == 0 else {
      throw Failure(
        .badData, "\(name) is an animation.",
        hint: "Save its pictures apart, or leave it out (\(.skippingBadFiles)).")
    }
    try ImageLimits.check(width: Int(features.width), height: Int(features.height), name: name)
    return features
  }

  private static func damaged(_ name: String, _ reason: String) -> Failure {
    Failure(
      .badData, "\(name) is a damaged WebP: \(reason).",
      hint: "Copy it again, or leave it out (\(.skippingBadFiles)).")
  }
}
