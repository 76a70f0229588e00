import Runtime

/// The image formats that can be read, recognised by their first bytes; file names mean nothing.
package enum ImageFormat: String, Sendable {
  case jpeg
  case png
  case webp

  /// The format of an image file's bytes.
  ///
  /// - Parameter name: the file's name for messages.
  /// - Throws: `Failure` of kind `badData` for an empty file, and for anything but JPEG, PNG and WebP.
  package init(recognizing bytes: UnsafeRawBufferPointer, name: String) throws(Failure) {
    if bytes.isEmpty {
      throw Failure(
        .badData, "\(name) is empty (0 bytes).", hint: "Copy it again, or leave it out (\(.skippingBadFiles)).")
    }
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) {
      self = .webp
    } else {
      throw Failure(
        .badData, "\(name) is not a JPEG, PNG or WebP image: \(Self.guess(bytes)).",
        hint: "Convert it to one of these, or leave it out (\(.skippingBadFiles)).")
    }
  }

  private static func guess(_ bytes: UnsafeRawBufferPointer) -> String {
    func has(_ text: String, at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: text.utf8) }
    if has("GIF8") { return "it is a GIF file" }
    if has("BM") { return "it looks like a BMP file" }
    if has("II*\0") || has("MM\0*") { return "it is a TIFF file" }
    if has("ftyp", at: 4) { return "it looks like a HEIC, AVIF or MP4 file" }
    let isText = bytes.prefix(256).allSatisfy { $0 >= 0x20 && $0 < 0x7F || (9...13).contains($0) || $0 >= 0x80 }
    return isText ? "it looks like text" : "its first bytes are unknown"
  }
}

/// The largest image that is read: 65,535 pixels a side (the format stores 16 bits), 256 megapixels in all.
package enum ImageLimits {
  package static let side = 65_535
  package static let pixels = 1 << 28

  /// - Throws: `Failure` of kind `badData` for an impossible or unreasonable size.
  package static func check(width: Int, height: Int, name: String) throws(Failure) {
    guard width > 0, height > 0, width <= side, height <= side, width * height <= pixels else {
      throw Failure(
        .badData,
        "\(name) claims \(sizeText(height: height, width: width)) pixels; at most \(side) a side and 256 megapixels "
          + "are read.")
    }
  }
}
