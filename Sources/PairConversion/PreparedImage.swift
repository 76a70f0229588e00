import PairData

/// An image as a shard will hold it, and what its file looked like.
struct PreparedImage {
  /// What is stored.
  let reference: ImageReference
  /// Whether the file is stored as depth maps and labels are: ``EncodedImage/resemblesMap``.
  let resemblesMap: Bool
}

extension ConversionOptions {
  /// Reads a view and makes of it what will be stored: cut, resized, turned, encoded.
  ///
  /// - Parameters:
  ///   - number: the view's number in the conversion, which keys its random crop.
  ///   - original: the decoded image of a crop, kept for further crops of the same file; nil at first.
  /// - Throws: `Failure` that names the file.
  func image(of view: PairCandidate.View, number: Int, original: inout RGBImage?) throws -> PreparedImage {
    if let crop = view.crop {
      let whole = try original ?? EncodedImage(file: view.path).decodedAsStored()
      original = whole
      let part = try crop.cut(from: whole, name: view.path)
      let preparation = crop.swapsSides ? preparation?.turned : preparation
      let prepared = crop.turn(try preparation?.apply(to: part, number: number, name: view.source) ?? part)
      return PreparedImage(reference: try stored(prepared, view), resemblesMap: false)
    }
    let image = try EncodedImage(file: view.path)
    guard let preparation else {
      // Training would stop at a damaged file.
      if dataset.codec == .keep, checksKeptFiles { _ = try image.decodedAsStored() }
      let reference = try ImageReference(image, codec: dataset.codec, source: view.source)
      return PreparedImage(reference: reference, resemblesMap: image.resemblesMap)
    }
    try preparation.check(width: image.width, height: image.height, name: view.path)
    let prepared = try preparation.apply(to: image.decoded(), number: number, name: view.path)
    return PreparedImage(reference: try stored(prepared, view), resemblesMap: image.resemblesMap)
  }

  private func stored(_ image: RGBImage, _ view: PairCandidate.View) throws -> ImageReference {
    try ImageReference(image, codec: dataset.codec, source: view.source)
  }
}
