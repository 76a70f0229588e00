internal import CSpng
import Foundation
import Runtime

/// PNG through libspng. For other modules too, because pictures of a run are PNG files as well.
package enum PNGCodec {
  /// The keyword of the text chunk in which ImageMagick keeps EXIF data.
  static let profileKeyword = "Raw profile type exif"

  /// The stored size and orientation, and whether it is 16-bit grey or has a palette.
  static func header(
    of bytes: UnsafeRawBufferPointer, name: String
  ) throws(Failure) -> (width: Int, height: Int, orientation: Orientation, resemblesMap: Bool) {
    let input = try PNGInput(bytes, name)
    let header = try header(input.context, name)
    let isDeepGrey = Int(header.color_type) == Int(SPNG_COLOR_TYPE_GRAYSCALE.rawValue) && header.bit_depth == 16
    let hasPalette = Int(header.color_type) == Int(SPNG_COLOR_TYPE_INDEXED.rawValue)
    return (Int(header.width), Int(header.height), orientation(bytes, input.context), isDeepGrey || hasPalette)
  }

  /// Decodes any PNG to RGB: palettes and grey expanded, 16 bits cut to their upper 8, transparency laid over white.
  ///
  /// - Throws: `Failure` of kind `badData` that names the file: damaged, cut off, too large.
  static func decode(_ bytes: UnsafeRawBufferPointer, name: String) throws(Failure) -> RGBImage {
    let input = try PNGInput(bytes, name)
    let context = input.context
    let header = try header(context, name)
    let (width, height) = (Int(header.width), Int(header.height))
    var transparency = spng_trns()
    let hasAlpha = header.color_type & 4 != 0 || spng_get_trns(context, &transparency) == 0
    let channels = hasAlpha ? 4 : 3
    var status: Int32 = 0
    var pixels = [UInt8](unsafeUninitializedCapacity: width * height * channels) { buffer, count in
      status = spng_decode_image(
        context, buffer.baseAddress, buffer.count, Int32((hasAlpha ? SPNG_FMT_RGBA8 : SPNG_FMT_RGB8).rawValue),
        hasAlpha ? Int32(SPNG_DECODE_TRNS.rawValue) : 0)
      count = width * height * channels
    }
    withExtendedLifetime(input) {}
    guard status == 0 else { throw damaged(name, status) }
    if hasAlpha { pixels = Transparency.overWhite(pixels) }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// Encodes RGB losslessly; the same pixels give the same bytes.
  ///
  /// - Throws: `Failure` of kind `internalError` where libspng refuses.
  package static func encode(_ image: RGBImage) throws(Failure) -> [UInt8] {
    guard let context = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else {
      throw Failure(.internalError, "libspng does not start: out of memory.")
    }
    defer { spng_ctx_free(context) }
    var header = spng_ihdr(
      width: UInt32(image.width), height: UInt32(image.height), bit_depth: 8,
      color_type: UInt8(SPNG_COLOR_TYPE_TRUECOLOR.rawValue), compression_method: 0, filter_method: 0,
      interlace_method: 0)
    var status = spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1)
    if status == 0 { status = spng_set_ihdr(context, &header) }
    if status == 0 {
      status = image.pixels.withUnsafeBytes {
        spng_encode_image(
          context, $0.baseAddress, $0.count, Int32(SPNG_FMT_PNG.rawValue), Int32(SPNG_ENCODE_FINALIZE.rawValue))
      }
    }
    var length = 0
    guard status == 0, let buffer = spng_get_png_buffer(context, &length, &status) else {
      throw Failure(.internalError, "Cannot encode a PNG: \(String(cString: spng_strerror(status))).")
    }
    defer { free(buffer) }
    return Array(UnsafeRawBufferPointer(start: buffer, count: length))
  }

  /// From an eXIf chunk, which ExifTool writes after the image data, else from ImageMagick's text chunk.
  private static func orientation(_ bytes: UnsafeRawBufferPointer, _ context: OpaquePointer) -> Orientation {
    if let exif = PNGChunks.content(of: "eXIf", in: bytes) { return Orientation(exif: exif) }
    var count: UInt32 = 0
    guard spng_get_text(context, nil, &count) == 0, count > 0 else { return .upright }
    var texts = [spng_text](repeating: spng_text(), count: Int(count))
    guard spng_get_text(context, &texts, &count) == 0 else { return .upright }
    for var text in texts.prefix(Int(count)) {
      let keyword = withUnsafeBytes(of: &text.keyword) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if keyword == profileKeyword, let content = text.text {
        return Orientation(
          rawProfile: String(decoding: UnsafeRawBufferPointer(start: content, count: text.length), as: UTF8.self))
      }
    }
    return .upright
  }

  private static func header(_ context: OpaquePointer, _ name: String) throws(Failure) -> spng_ihdr {
    var header = spng_ihdr()
    let status = spng_get_ihdr(context, &header)
    guard status == 0 else { throw damaged(name, status) }
    try ImageLimits.check(width: Int(header.width), height: Int(header.height), name: name)
    return header
  }

  fileprivate static func damaged(_ name: String, _ status: Int32) -> Failure {
    Failure(
      .badData, "\(name) is a damaged PNG: \(String(cString: spng_strerror(status))).",
      hint: "Copy it again, or leave it out (\(.skippingBadFiles)).")
  }
}

/// A decoder of a PNG file in memory, with limits.
private final class PNGInput {
  let context: OpaquePointer
  /// What is read instead of the file, where that has too many chunks for libspng.
  private let lean: UnsafeMutableRawBufferPointer?

  /// - Parameter bytes: must stay valid as long as the input.
  init(_ bytes: UnsafeRawBufferPointer, _ name: String) throws(Failure) {
    guard let context = spng_ctx_new(0) else { throw Failure(.internalError, "libspng does not start: out of memory.") }
    self.context = context
    lean = PNGChunks.withoutExcess(bytes).map {
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: $0.count, alignment: 16)
      memory.copyBytes(from: $0)
      return memory
    }
    let source = lean.map { UnsafeRawBufferPointer($0) } ?? bytes
    let side = UInt32(ImageLimits.side)
    var status = spng_set_image_limits(context, side, side)
    // Text and profiles of hostile files could claim gigabytes.
    if status == 0 { status = spng_set_chunk_limits(context, 64 << 20, 128 << 20) }
    if status == 0 { status = spng_set_png_buffer(context, source.baseAddress, source.count) }
    guard status == 0 else { throw PNGCodec.damaged(name, status) }
  }

  deinit {
    spng_ctx_free(context)
    lean?.deallocate()
  }
}
