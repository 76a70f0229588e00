import Runtime

/// How a data set stores its images.
package enum StorageCodec: Sendable, Equatable {
  /// The bytes of the image files as they came.
  case keep
  /// JPEG with 4:2:0 chroma and a quality of 1 to 100.
  case jpeg(quality: Int)
  /// PNG, lossless.
  case png
  /// Uncompressed [H, W, 3]; all images have the same size.
  case raw

  /// The name in manifests: keep, jpeg, png or raw.
  package var name: String {
    switch self {
    case .keep: "keep"
    case .jpeg: "jpeg"
    case .png: "png"
    case .raw: "raw"
    }
  }

  /// The JPEG quality, or nil for other codecs.
  package var quality: Int? {
    if case .jpeg(let quality) = self { quality } else { nil }
  }

  /// The codec of a manifest, or nil for a name that is none.
  package init?(name: String, quality: Int?) {
    switch name {
    case "keep": self = .keep
    case "jpeg": self = .jpeg(quality: min(100, max(1, quality ?? 95)))
    case "png": self = .png
    case "raw": self = .raw
    default: return nil
    }
  }
}

extension Advice {
  /// What to do about images of several sizes where pixels are stored as they are.
  package static let oneSizeForRaw: Advice = "With \(.codec) raw all images need one size: give \(.imageSize)."
}
