import Foundation
import Storage

/// An image file in memory, recognised and with a checked header, but not decoded.
public struct EncodedImage: Sendable {
  /// The file's bytes.
  public let bytes: [UInt8]
  /// What the bytes are, by their first few.
  public let format: ImageFormat
  /// Width in pixels as shown, that is after the orientation is applied.
  public let width: Int
  /// Height in pixels as shown.
  public let height: Int
  /// What to call the image in messages: usually its path.
  public let name: String

  /// How the stored pixels are to be shown.
  package let orientation: Orientation

  /// Recognises an image by its first bytes and reads its header.
  ///
  /// - Throws: `Failure` of kind `badData` that names the image: empty, not JPEG or PNG, damaged header, too large.
  public init(bytes: [UInt8], name: String) throws {
    self.bytes = bytes
    self.name = name
    let (format, width, height, orientation) = try bytes.withUnsafeBytes { bytes in
      let format = try ImageFormat(recognizing: bytes, name: name)
      switch format {
      case .jpeg:
        let size = try JPEGCodec.size(of: bytes, name: name)
        return (format, size.width, size.height, Orientation(jpeg: bytes))
      case .png:
        let header = try PNGCodec.header(of: bytes, name: name)
        return (format, header.width, header.height, header.orientation)
      }
    }
    self.format = format
    self.orientation = orientation
    self.width = orientation.swapsSides ? height : width
    self.height = orientation.swapsSides ? width : height
  }

  /// Reads an image file.
  ///
  /// - Throws: `Failure` of kind `noInput` where it cannot be read, or as ``init(bytes:name:)``.
  public init(file path: String) throws {
    try self.init(bytes: FileContent.read(path, limit: 1 << 30), name: path)
  }

  /// Encodes pixels.
  ///
  /// - Throws: `Failure` of kind `internalError` where the codec refuses.
  public init(encoding image: RGBImage, as format: ImageFormat, quality: Int = 95, name: String) throws {
    self.name = name
    self.format = format
    bytes = format == .jpeg ? try JPEGCodec.encode(image, quality: quality) : try PNGCodec.encode(image)
    width = image.width
    height = image.height
    orientation = .upright
  }

  /// Decodes to RGB as shown.
  ///
  /// - Throws: `Failure` of kind `badData` that names the image.
  public func decoded() throws -> RGBImage { orientation.apply(to: try decodedAsStored()) }

  /// Decodes to RGB without applying the orientation: the pixels that tools see which ignore EXIF.
  ///
  /// - Throws: `Failure` of kind `badData` that names the image.
  public func decodedAsStored() throws -> RGBImage {
    try bytes.withUnsafeBytes { bytes in
      switch format {
      case .jpeg: try JPEGCodec.decode(bytes, name: name)
      case .png: try PNGCodec.decode(bytes, name: name)
      }
    }
  }
}

/// Reading whole files with failures that name them.
enum FileContent {
  /// The bytes of a file of at most `limit` bytes.
  ///
  /// - Throws: `Failure` of kind `noInput`, `inputOutput`, or `badData` where the file is larger.
  static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCall.readFailure(path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemCall.readFailure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(.badData, "\(path) is not a file.") }
    guard status.st_size <= limit else {
      throw Failure(.badData, "\(path) has \(status.st_size) bytes; images are read up to \(limit) bytes.")
    }
    return try read(descriptor, 0..<Int(status.st_size), path: path)
  }

  /// A range of a file's bytes; a file that ends early is bad data.
  static func read(_ descriptor: Int32, _ range: Range<Int>, path: String) throws(Failure) -> [UInt8] {
    var failure: Failure?
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      let target = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<range.count])
      failure = pread(descriptor, into: target, at: range.lowerBound, path: path)
      count = failure == nil ? range.count : 0
    }
    if let failure { throw failure }
    return bytes
  }

  /// Fills `buffer` from a file; a file that ends early is bad data.
  static func pread(
    _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int, path: String
  ) -> Failure? {
    var done = 0
    while done < buffer.count {
      let count = Foundation.pread(
        descriptor, buffer.baseAddress! + done, min(buffer.count - done, 1 << 30), off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      if count < 0 { return SystemCall.readFailure(path) }
      if count == 0 { return Failure(.badData, "\(path) ends before byte \(offset + buffer.count).") }
      done += count
    }
    return nil
  }

  /// Writes all of `buffer` at an offset of a file.
  static func pwrite(
    _ descriptor: Int32, _ buffer: UnsafeRawBufferPointer, at offset: Int, path: String
  ) -> Failure? {
    var done = 0
    while done < buffer.count {
      let count = Foundation.pwrite(
        descriptor, buffer.baseAddress! + done, min(buffer.count - done, 1 << 30), off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return SystemCall.writeFailure(path) }
      done += count
    }
    return nil
  }
}
