import Foundation
import Storage

/// An image file in memory, recognised and with a checked header, but not decoded.
package struct EncodedImage: Sendable {
  /// The file's bytes.
  package let bytes: [UInt8]
  /// What the bytes are, by their first few.
  package let format: ImageFormat
  /// Width in pixels as shown, that is after the orientation is applied.
  package let width: Int
  /// Height in pixels as shown.
  package let height: Int
  /// What to call the image in messages: usually its path.
  package let name: String

  /// How the stored pixels are to be shown.
  package let orientation: Orientation

  /// Whether the file is a PNG of 16-bit grey or with a palette: how depth maps and labels are stored, photographs rarely.
  package let resemblesMap: Bool

  /// Recognises an image by its first bytes and reads its header.
  ///
  /// - Throws: `Failure` of kind `badData` that names the image: empty, not JPEG, PNG or WebP, damaged header, too large.
  package init(bytes: [UInt8], name: String) throws {
    self.bytes = bytes
    self.name = name
    let (format, width, height, orientation, resemblesMap) = try bytes.withUnsafeBytes { bytes in
      let format = try ImageFormat(recognizing: bytes, name: name)
      switch format {
      case .jpeg:
        let size = try JPEGCodec.size(of: bytes, name: name)
        return (format, size.width, size.height, Orientation(jpeg: bytes), false)
      case .png:
        let header = try PNGCodec.header(of: bytes, name: name)
        return (format, header.width, header.height, header.orientation, header.resemblesMap)
      case .webp:
        let header = try WebPCodec.header(of: bytes, name: name)
        return (format, header.width, header.height, header.orientation, false)
      }
    }
    self.format = format
    self.orientation = orientation
    self.resemblesMap = resemblesMap
    self.width = orientation.swapsSides ? height : width
    self.height = orientation.swapsSides ? width : height
  }

  /// Reads an image file.
  ///
  /// - Throws: `Failure` of kind `noInput` where it cannot be read, or as ``init(bytes:name:)``.
  package init(file path: String) throws {
    try self.init(bytes: File.contents(of: path), name: path)
  }

  /// Encodes pixels as JPEG or PNG.
  ///
  /// - Throws: `Failure` of kind `internalError` where the codec refuses.
  package init(encoding image: RGBImage, as format: ImageFormat, quality: Int = 95, name: String) throws {
    precondition(format != .webp, "WebP is read, not written")
    self.name = name
    self.format = format
    bytes = format == .jpeg ? try JPEGCodec.encode(image, quality: quality) : try PNGCodec.encode(image)
    width = image.width
    height = image.height
    orientation = .upright
    resemblesMap = false
  }

  /// Decodes to RGB as shown.
  ///
  /// - Throws: `Failure` of kind `badData` that names the image.
  package func decoded() throws -> RGBImage { orientation.apply(to: try decodedAsStored()) }

  /// Decodes to RGB without applying the orientation: the pixels that tools see which ignore EXIF.
  ///
  /// - Throws: `Failure` of kind `badData` that names the image.
  package func decodedAsStored() throws -> RGBImage {
    try bytes.withUnsafeBytes { bytes in
      switch format {
      case .jpeg: try JPEGCodec.decode(bytes, name: name)
      case .png: try PNGCodec.decode(bytes, name: name)
      case .webp: try WebPCodec.decode(bytes, name: name)
      }
    }
  }
}
