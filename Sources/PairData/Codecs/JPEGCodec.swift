internal import CTurboJPEG
import Runtime

/// JPEG through the TurboJPEG API: accurate DCT, smooth chroma upsampling, as Pillow decodes.
enum JPEGCodec {
  /// The stored size (before the orientation is applied).
  ///
  /// - Throws: `Failure` of kind `badData` for a damaged header or an impossible size.
  static func size(of bytes: UnsafeRawBufferPointer, name: String) throws(Failure) -> (width: Int, height: Int) {
    let handle = try open(tjInitDecompress())
    defer { tjDestroy(handle) }
    return try header(handle, bytes, name)
  }

  /// Decodes to RGB as stored; grey images get three equal channels.
  ///
  /// - Throws: `Failure` of kind `badData` that names the file: damaged, cut off, CMYK, too large.
  static func decode(_ bytes: UnsafeRawBufferPointer, name: String) throws(Failure) -> RGBImage {
    let handle = try open(tjInitDecompress())
    defer { tjDestroy(handle) }
    let (width, height) = try header(handle, bytes, name)
    var status: Int32 = 0
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      status = tjDecompress2(
        handle, bytes.bindMemory(to: UInt8.self).baseAddress, UInt(bytes.count), buffer.baseAddress, Int32(width), 0,
        Int32(height), Int32(TJPF_RGB.rawValue), Int32(TJFLAG_ACCURATEDCT))
      count = width * height * 3
    }
    if status != 0 {
      let reason = String(cString: tjGetErrorStr2(handle))
      // Stray bytes between segments spoil no pixel; every other warning means lost image data.
      let isHarmless = tjGetErrorCode(handle) == TJERR_WARNING.rawValue && reason.contains("extraneous bytes")
      if !isHarmless { throw damaged(name, reason) }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// Encodes with 4:2:0 chroma and the accurate DCT; the same pixels give the same bytes.
  ///
  /// - Throws: `Failure` of kind `internalError` where TurboJPEG refuses.
  static func encode(_ image: RGBImage, quality: Int) throws(Failure) -> [UInt8] {
    precondition((1...100).contains(quality), "JPEG quality \(quality) is outside 1...100")
    let handle = try open(tjInitCompress())
    defer { tjDestroy(handle) }
    let subsampling = Int32(TJSAMP_420.rawValue)
    let capacity = tjBufSize(Int32(image.width), Int32(image.height), subsampling)
    var length = capacity
    var status: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(capacity)) { buffer, count in
      var target = buffer.baseAddress
      status = image.pixels.withUnsafeBufferPointer {
        tjCompress2(
          handle, $0.baseAddress, Int32(image.width), 0, Int32(image.height), Int32(TJPF_RGB.rawValue), &target,
          &length,
          subsampling, Int32(quality), Int32(TJFLAG_NOREALLOC | TJFLAG_ACCURATEDCT))
      }
      count = status == 0 ? Int(length) : 0
    }
    guard status == 0 else {
      throw Failure(.internalError, "Cannot encode a JPEG: \(String(cString: tjGetErrorStr2(handle))).")
    }
    // The worst-case buffer is several times the image: give the rest back.
    return bytes.withUnsafeBufferPointer { Array($0) }
  }

  private static func header(
    _ handle: tjhandle, _ bytes: UnsafeRawBufferPointer, _ name: String
  ) throws(Failure) -> (width: Int, height: Int) {
    var (width, height, subsampling, colorspace): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    let status = tjDecompressHeader3(
      handle, bytes.bindMemory(to: UInt8.self).baseAddress, UInt(bytes.count), &width, &height, &subsampling,
      &colorspace)
    if status != 0, tjGetErrorCode(handle) != TJERR_WARNING.rawValue {
      throw damaged(name, String(cString: tjGetErrorStr2(handle)))
    }
    // A file without a frame header passes as one that holds tables only.
    if width <= 0 || height <= 0 { throw damaged(name, "it holds no image") }
    if colorspace == TJCS_CMYK.rawValue || colorspace == TJCS_YCCK.rawValue {
      throw Failure(
        .badData, "\(name) is a CMYK image.", hint: "Convert it to RGB, or leave it out (\(.skippingBadFiles)).")
    }
    try ImageLimits.check(width: Int(width), height: Int(height), name: name)
    return (Int(width), Int(height))
  }

  private static func damaged(_ name: String, _ reason: String) -> Failure {
    Failure(
      .badData, "\(name) is a damaged JPEG: \(reason).",
      hint: "Copy it again, or leave it out (\(.skippingBadFiles)).")
  }

  private static func open(_ handle: tjhandle?) throws(Failure) -> tjhandle {
    guard let handle else { throw Failure(.internalError, "TurboJPEG does not start: out of memory.") }
    return handle
  }
}
