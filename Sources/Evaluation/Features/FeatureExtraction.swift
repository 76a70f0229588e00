import CroCoModel
import Kernels
import PairConversion
import PairData
import Runtime
import Storage

/// Features of images by the encoder of a trained network, written to one file: a vector for each patch of each image, or their
/// mean.
///
/// Batches go through the network in slabs of ``slabImages``, so that features depend neither on threads nor on the batch.
package struct FeatureExtraction {
  /// What is computed.
  package struct Options: Sendable {
    /// The block whose output is wanted, or the normalised output of the last.
    package var output = ImageEncoder.Output.normalized
    /// The size to which images come; nil for that of the network.
    package var size: PixelSize?
    /// How they come to it, and by which interpolation.
    package var (fit, filter) = (ImageFit.crop, ImageFilter.lanczos)
    /// Whether the patches of an image are averaged.
    package var isPooled = false
    /// The arithmetic of products.
    package var precision = Precision.fp32
    /// Images that are computed at once; nil for enough of them for all threads.
    package var batchSize: Int?

    /// Features of all patches, in fp32, of images of the network's own size.
    package init() {}
  }

  /// Images of a slab.
  static let slabImages = 4

  private let model: PretrainedModel
  private let options: Options
  private let configuration: ModelConfiguration
  private let size: PixelSize
  private let images: ImageSource

  /// - Throws: `Failure` of kind `usage` where the network has no such block or cannot take the size.
  package init(_ model: PretrainedModel, _ images: ImageSource, _ options: Options) throws(Failure) {
    self.model = model
    self.options = options
    configuration = try model.configuration.resized(options.size)
    size = PixelSize(height: configuration.imageHeight, width: configuration.imageWidth)
    if case .block(let block) = options.output, !(0..<configuration.encoderDepth).contains(block) {
      throw Failure(
        .usage, "\(model.path) has the encoder blocks 0 to \(configuration.encoderDepth - 1), and no block \(block).")
    }
    try options.precision.require()
    self.images = images.prepared(
      ImagePreparation(
        height: size.height, width: size.width, fit: options.fit, filter: options.filter, allowsUpscaling: true))
  }

  /// The extents of what is written: [images, rows, columns, C] of patches, or [images, C].
  package var shape: [Int] {
    [images.names.count] + (options.isPooled ? [] : [configuration.gridHeight, configuration.gridWidth])
      + [configuration.encoderDimension]
  }

  /// Writes the file, complete or not at all.
  ///
  /// - Parameter progress: receives the number of images done, and of all.
  /// - Throws: `Failure` that names the image or the path.
  package func write(
    to path: String, _ format: FeatureFile.Format, pool: WorkerPool, progress: (Int, Int) -> Void
  ) throws {
    let file = FeatureFile(format: format, shape: shape, names: images.names, description: description)
    try Publication.publishFile(at: path) { temporary in
      let start = try file.begin(at: temporary)
      let target = try File(temporary, .updating)
      let bytesOfImage = shape.dropFirst().reduce(MemoryLayout<Float>.size, *)
      try forEachBatch(pool) { images, features in
        try target.write(UnsafeRawBufferPointer(features), at: start + images.lowerBound * bytesOfImage)
        progress(images.upperBound, self.images.names.count)
      }
      try target.close()
      try file.publishNames(beside: path)
    }
  }

  private func forEachBatch(
    _ pool: WorkerPool, _ body: (_ images: Range<Int>, _ features: UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    let count = images.names.count
    let wanted = options.batchSize ?? 2 * Self.slabImages * pool.workerCount
    let batches = ImageBatches(
      images, size: size, batchSize: Self.wholeSlabs(min(wanted, count)), threadCount: pool.workerCount)
    var encoder: (batchSize: Int, network: ImageEncoder)?
    while let batch = try batches.next() {
      // The last batch is smaller; rows of its last slab that hold no image are computed and left out.
      let batchSize = Self.wholeSlabs(batch.images.count)
      let network = encoder.flatMap { $0.batchSize == batchSize ? $0.network : nil } ?? makeEncoder(batchSize, pool)
      encoder = (batchSize, network)
      network.forward(
        Matrix(batch.values.pointer, rows: batchSize, columns: 3 * configuration.imageHeight * configuration.imageWidth)
      )
      try body(batch.images, features(of: batch.images.count, network.features, pool))
    }
  }

  private static func wholeSlabs(_ images: Int) -> Int { (images + slabImages - 1) / slabImages * slabImages }

  private func makeEncoder(_ batchSize: Int, _ pool: WorkerPool) -> ImageEncoder {
    ImageEncoder(
      configuration, batchSize: batchSize, slabCount: batchSize / Self.slabImages,
      parameters: model.network.parameters, pool: pool, precision: options.precision, output: options.output)
  }

  /// What is written of the first `count` images: their rows, or the means of these, which take the place of the first rows.
  private func features(of count: Int, _ rows: Matrix, _ pool: WorkerPool) -> UnsafeMutableBufferPointer<Float> {
    let (patches, columns) = (configuration.patchCount, rows.columns)
    guard options.isPooled else { return rows[0..<count * patches].elements }
    let means = pool.map(count) { image, _ in
      var sums = [Double](repeating: 0, count: columns)
      for row in image * patches..<(image + 1) * patches {
        for column in 0..<columns { sums[column] += Double(rows.row(row)[column]) }
      }
      return sums.map { Float($0 / Double(patches)) }
    }
    for case (let image, .success(let mean)) in means.enumerated() {
      rows.row(image).update(from: mean, count: columns)
    }
    return rows[0..<count].elements
  }

  private var description: [(name: String, text: String)] {
    let output: String =
      switch options.output {
      case .block(let block): "enc_blocks.\(block)"
      case .normalized: "enc_norm"
      }
    return [
      ("image_size", sizeText(height: size.height, width: size.width)), ("output", output),
      ("pooling", options.isPooled ? "mean" : "none"), ("precision", options.precision.rawValue),
      ("weights", model.path),
    ]
  }
}

extension ModelConfiguration {
  /// The same network for images of another size: sine-cosine tables are interpolated, as the official code does, RoPE goes on.
  ///
  /// - Throws: `Failure` of kind `usage` where the size is no multiple of the patch.
  fileprivate func resized(_ size: PixelSize?) throws(Failure) -> ModelConfiguration {
    guard let size, size != PixelSize(height: imageHeight, width: imageWidth) else { return self }
    guard size.height % patchSize == 0, size.width % patchSize == 0 else {
      throw Failure(
        .usage,
        "Images of \(sizeText(height: size.height, width: size.width)) are no whole number of patches: both sides must be "
          + "multiples of \(patchSize).", hint: "Choose another \(.imageSize).")
    }
    var resized = self
    (resized.imageHeight, resized.imageWidth) = (size.height, size.width)
    if positionEmbedding == .cosine { resized.positionGrid = positionGrid ?? [gridHeight, gridWidth] }
    return resized
  }
}
