/// Images and their patches, in the (row, column, channel) order of prediction and target.
///
/// Source: MAE (He et al., 2022); patch n of an image is row n / columns, column n % columns of the grid.
package enum Patchify {
  /// [B, channels, H, W] to [B, N, patch * patch * channels].
  package static func patches(
    of images: [Float], height: Int, width: Int, patchSize: Int, channels: Int = 3
  ) -> [Float] {
    rearrange(images, height, width, patchSize, channels) { image, patch, result, source in
      result[patch] = source[image]
    }
  }

  /// [B, N, patch * patch * channels] to [B, channels, H, W].
  package static func images(
    of patches: [Float], height: Int, width: Int, patchSize: Int, channels: Int = 3
  ) -> [Float] {
    rearrange(patches, height, width, patchSize, channels) { image, patch, result, source in
      result[image] = source[patch]
    }
  }

  private static func rearrange(
    _ source: [Float], _ height: Int, _ width: Int, _ patchSize: Int, _ channels: Int,
    _ move: (_ image: Int, _ patch: Int, _ result: inout [Float], _ source: [Float]) -> Void
  ) -> [Float] {
    precondition(
      height % patchSize == 0 && width % patchSize == 0, "\(height)x\(width) is not made of patches of \(patchSize)")
    let size = channels * height * width
    precondition(source.count % size == 0, "\(source.count) values are not images of \(channels)x\(height)x\(width)")
    var result = [Float](repeating: 0, count: source.count)
    for start in stride(from: 0, to: source.count, by: size) {
      for channel in 0..<channels {
        for y in 0..<height {
          for x in 0..<width {
            let patch = y / patchSize * (width / patchSize) + x / patchSize
            let place = (y % patchSize * patchSize + x % patchSize) * channels + channel
            move(
              start + (channel * height + y) * width + x, start + patch * patchSize * patchSize * channels + place,
              &result, source)
          }
        }
      }
    }
    return result
  }
}
