import CroCoModel
import Kernels
import PairConversion
import PairData
import Runtime
import Storage

/// Features of images by the encoder of a trained network, or of pairs by its decoder, written to one file: a vector for each patch of
/// each image, or their mean.
///
/// Batches go through the network in slabs of ``slabImages``, so that features depend neither on threads nor on the batch.
package struct FeatureExtraction {
  /// What is computed.
  package struct Options: Sendable {
    /// The block whose output is wanted.
    package var output = FeatureNetwork.Output(.encoder)
    /// The size to which images come; nil for that of the network.
    package var size: PixelSize?
    /// How they come to it, and by which interpolation.
    package var (fit, filter) = (ImageFit.crop, ImageFilter.lanczos)
    /// Whether the patches of an image are averaged.
    package var isPooled = false
    /// Whether the features of what cannot be used are NaN, instead of ending it all.
    package var skipsBadFiles = false
    /// The arithmetic of products.
    package var precision = Precision.fp32
    /// Images or pairs that are computed at once; nil for enough of them for all threads.
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
  private let source: ViewSource
  private var samplesOfSlab: Int { Self.slabImages / source.viewCount }

  /// - Parameter source: single images for the encoder, pairs for the decoder.
  /// - Throws: `Failure` of kind `usage` where the network has no such block or cannot take the size.
  package init(_ model: PretrainedModel, _ source: ViewSource, _ options: Options) throws(Failure) {
    precondition(source.viewCount == options.output.viewCount, "\(options.output.name) reads \(source.viewCount) views")
    self.model = model
    self.options = options
    configuration = try model.configuration.resized(options.size)
    size = PixelSize(height: configuration.imageHeight, width: configuration.imageWidth)
    let isEncoder = options.output.part == .encoder
    let depth = isEncoder ? configuration.encoderDepth : configuration.decoderDepth
    if let block = options.output.block, !(0..<depth).contains(block) {
      throw Failure(
        .usage,
        "\(model.path) has the \(isEncoder ? "encoder" : "decoder") blocks 0 to \(depth - 1), and no block \(block).")
    }
    try options.precision.require()
    self.source = source.prepared(
      ImagePreparation(
        height: size.height, width: size.width, fit: options.fit, filter: options.filter, allowsUpscaling: true))
  }

  /// The extents of what is written: [images or pairs, rows, columns, C] of patches, or [images or pairs, C].
  package var shape: [Int] {
    [source.names.count] + (options.isPooled ? [] : [configuration.gridHeight, configuration.gridWidth])
      + [options.output.part == .encoder ? configuration.encoderDimension : configuration.decoderDimension]
  }

  /// Writes the file, complete or not at all.
  ///
  /// - Parameters:
  ///   - progress: receives the number of images or pairs done, and of all.
  ///   - skipped: receives why one cannot be used, of ``Options/skipsBadFiles``.
  /// - Throws: `Failure` that names the image or the path.
  package func write(
    to path: String, _ format: FeatureFile.Format, pool: WorkerPool, progress: (Int, Int) -> Void,
    skipped: (Failure) -> Void = { _ in }
  ) throws {
    let file = FeatureFile(format: format, shape: shape, names: source.names, description: description)
    try Publication.publishFile(at: path) { temporary in
      let start = try file.begin(at: temporary)
      let target = try File(temporary, .updating)
      let bytesOfSample = shape.dropFirst().reduce(MemoryLayout<Float>.size, *)
      try forEachBatch(pool, skipped) { samples, features in
        try target.write(UnsafeRawBufferPointer(features), at: start + samples.lowerBound * bytesOfSample)
        progress(samples.upperBound, source.names.count)
      }
      try target.close()
      try file.publishNames(beside: path)
    }
  }

  private func forEachBatch(
    _ pool: WorkerPool, _ skipped: (Failure) -> Void,
    _ body: (_ samples: Range<Int>, _ features: UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    let wanted = options.batchSize ?? 2 * samplesOfSlab * pool.workerCount
    let batches = ViewBatches(
      source, size: size, batchSize: wholeSlabs(min(wanted, source.names.count)), threadCount: pool.workerCount)
    var last: (batchSize: Int, network: FeatureNetwork)?
    while let batch = batches.next() {
      if let (_, failure) = batch.failures.first, !options.skipsBadFiles { throw failure }
      // The last batch is smaller; rows of its last slab that hold no image are computed and left out.
      let batchSize = wholeSlabs(batch.samples.count)
      let network = last.flatMap { $0.batchSize == batchSize ? $0.network : nil } ?? makeNetwork(batchSize, pool)
      last = (batchSize, network)
      network.forward(batch.views.map { $0[0..<batchSize] })
      for (sample, failure) in batch.failures {
        let first = (sample - batch.samples.lowerBound) * configuration.patchCount
        network.features[first..<first + configuration.patchCount].elements.update(repeating: .nan)
        skipped(failure)
      }
      try body(batch.samples, features(of: batch.samples.count, network.features, pool))
    }
  }

  private func wholeSlabs(_ samples: Int) -> Int { (samples + samplesOfSlab - 1) / samplesOfSlab * samplesOfSlab }

  private func makeNetwork(_ batchSize: Int, _ pool: WorkerPool) -> FeatureNetwork {
    FeatureNetwork(
      configuration, batchSize: batchSize, slabCount: batchSize / samplesOfSlab, parameters: model.network.parameters,
      pool: pool, precision: options.precision, output: options.output)
  }

  /// What is written of the first `count` samples: their rows, or the means of these, which take the place of the first rows.
  private func features(of count: Int, _ rows: Matrix, _ pool: WorkerPool) -> UnsafeMutableBufferPointer<Float> {
    let (patches, columns) = (configuration.patchCount, rows.columns)
    guard options.isPooled else { return rows[0..<count * patches].elements }
    let means = pool.map(count) { sample, _ in
      var sums = [Double](repeating: 0, count: columns)
      for row in sample * patches..<(sample + 1) * patches {
        for column in 0..<columns { sums[column] += Double(rows.row(row)[column]) }
      }
      return sums.map { Float($0 / Double(patches)) }
    }
    for case (let sample, .success(let mean)) in means.enumerated() {
      rows.row(sample).update(from: mean, count: columns)
    }
    return rows[0..<count].elements
  }

  private var description: [(name: String, text: String)] {
    [
      ("image_size", sizeText(height: size.height, width: size.width)), ("output", options.output.name),
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
