internal import CJPEG
import Foundation
import Runtime

/// JPEG through libjpeg-turbo: accurate DCT, smooth chroma upsampling, as Pillow decodes.
enum JPEGCodec {
  /// What a file may cost: 2 GiB of coefficients, 100 scans, and 2^32 pixels over all scans.
  private static let limits = croco_jpeg_limits(memory: 2 << 30, scans: 100, scan_work: 0x1p32)

  /// The stored size (before the orientation is applied).
  ///
  /// - Throws: `Failure` of kind `badData` for a damaged header or an impossible size.
  static func size(of bytes: UnsafeRawBufferPointer, name: String) throws(Failure) -> (width: Int, height: Int) {
    var (width, height): (Int32, Int32) = (0, 0)
    try call(name) { croco_jpeg_size(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &width, &height, $0) }
    try ImageLimits.check(width: Int(width), height: Int(height), name: name)
    return (Int(width), Int(height))
  }

  /// Decodes to RGB as stored; grey images get three equal channels, CMYK and YCCK are converted as Pillow does.
  ///
  /// - Throws: `Failure` of kind `badData` that names the file: damaged, cut off, too large, too many scans.
  static func decode(_ bytes: UnsafeRawBufferPointer, name: String) throws(Failure) -> RGBImage {
    let (width, height) = try size(of: bytes, name: name)
    var failure: Failure?
    var limits = limits
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      do throws(Failure) {
        try call(name) {
          croco_jpeg_decode(
            bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &limits, buffer.baseAddress, $0)
        }
        count = width * height * 3
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// Encodes with 4:2:0 chroma and the accurate DCT; the same pixels give the same bytes.
  ///
  /// - Throws: `Failure` of kind `internalError` where libjpeg refuses.
  static func encode(_ image: RGBImage, quality: Int) throws(Failure) -> [UInt8] {
    precondition((1...100).contains(quality), "JPEG quality \(quality) is outside 1...100")
    var bytes: UnsafeMutablePointer<UInt8>?
    var count: UInt = 0
    defer { free(bytes) }
    try call("a new image") { message in
      image.pixels.withUnsafeBufferPointer {
        croco_jpeg_encode(
          $0.baseAddress, Int32(image.width), Int32(image.height), Int32(quality), &bytes, &count, message)
      }
    }
    return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
  }

  private static func call(
    _ name: String, _ body: (UnsafeMutablePointer<CChar>) -> croco_jpeg_status
  ) throws(Failure) {
    var status = CROCO_JPEG_OK
    let text = String(unsafeUninitializedCapacity: Int(croco_jpeg_message_size)) { buffer in
      buffer.withMemoryRebound(to: CChar.self) { status = body($0.baseAddress!) }
      return status == CROCO_JPEG_OK ? 0 : strnlen(buffer.baseAddress!, buffer.count)
    }
    switch status {
    case CROCO_JPEG_OK: return
    case CROCO_JPEG_NO_MEMORY: throw Failure(.internalError, "There is no memory left to read or write \(name).")
    case CROCO_JPEG_LIMIT:
      throw Failure(
        .badData, "\(name) is a JPEG that takes more than is given to one: \(text).",
        hint: "Save it again as a plain JPEG, or leave it out (\(.skippingBadFiles)).")
    case CROCO_JPEG_UNSUPPORTED:
      throw Failure(
        .badData, "\(name) is a JPEG of a kind that is not read: \(text).",
        hint: "Save it again as a plain JPEG, or leave it out (\(.skippingBadFiles)).")
    default:
      throw Failure(
        .badData, "\(name) is a damaged JPEG: \(text).",
        hint: "Copy it again, or leave it out (\(.skippingBadFiles)).")
    }
  }
}
