import Runtime

/// Where one sample of a batch goes: [3, H, W] twice and [N].
struct SampleTarget {
  let view1: UnsafeMutablePointer<Float>
  let view2: UnsafeMutablePointer<Float>
  let mask: UnsafeMutablePointer<UInt8>
}

extension PairBatch {
  /// The memory of sample `row`. The batch must outlive it.
  func target(row: Int) -> SampleTarget {
    let values = 3 * height * width
    return SampleTarget(
      view1: view1.pointer + row * values, view2: view2.pointer + row * values, mask: mask.pointer + row * patchCount)
  }
}

/// Crop, jitter, normalise and mask: from the images of a pair to one sample of a batch.
///
/// Holds the memory in between, so that a sample allocates nothing; one owner at a time.
final class PairTransform {
  private let configuration: LoaderConfiguration
  private let window: PlanarImage
  private let patchMask: PatchMask

  init(_ configuration: LoaderConfiguration) {
    self.configuration = configuration
    window = PlanarImage(height: configuration.imageHeight, width: configuration.imageWidth)
    patchMask = PatchMask(patchCount: configuration.patchCount, maskedCount: configuration.maskedCount)
  }

  /// Writes a training sample: random crops, jitter and mask, keyed by (seed, epoch, sample index).
  func writeTraining(
    _ images: (view1: RGBImage, view2: RGBImage), sample: SampleOrder.Sample, to target: SampleTarget
  ) throws(Failure) {
    let views = sample.isSwapped ? (images.view2, images.view1) : (images.view1, images.view2)
    try checkSize(views.0, pair: sample.pair, view: sample.isSwapped ? 2 : 1)
    try checkSize(views.1, pair: sample.pair, view: sample.isSwapped ? 1 : 2)
    let crops = crops(views.0, views.1, sample)
    let jitters = jitters(sample)
    write(views.0, crops.0, jitters?.0, to: target.view1)
    write(views.1, crops.1, jitters?.1, to: target.view2)
    var stream = stream(.mask, sample)
    patchMask.write(to: target.mask, from: &stream)
  }

  /// Writes the centre crop of an image with its own colours: [3, H, W].
  func writeValidation(
    _ image: RGBImage, pair: Int, view: Int, to target: UnsafeMutablePointer<Float>
  ) throws(Failure) {
    try checkSize(image, pair: pair, view: view)
    let crop = CropWindow(centredIn: image.height, image.width, height: window.height, width: window.width)
    write(image, crop, nil, to: target)
  }

  /// Writes the mask with which pair `pair` is always validated: [N].
  func writeValidationMask(pair: Int, to target: UnsafeMutablePointer<UInt8>) {
    var stream = RandomStream(seed: configuration.seed, purpose: .validation, index: pair)
    patchMask.write(to: target, from: &stream)
  }

  private func write(
    _ image: RGBImage, _ crop: CropWindow, _ jitter: ColorJitter?, to target: UnsafeMutablePointer<Float>
  ) {
    window.copy(image, top: crop.top, left: crop.left)
    jitter?.apply(to: window)
    configuration.normalization.write(window, to: target)
  }

  private func crops(_ view1: RGBImage, _ view2: RGBImage, _ sample: SampleOrder.Sample) -> (CropWindow, CropWindow) {
    var stream = stream(.crop, sample)
    let (height, width) = (window.height, window.width)
    switch configuration.pairTransforms {
    case .independent:
      let first = CropWindow(randomIn: view1.height, view1.width, height: height, width: width, from: &stream)
      let second = CropWindow(randomIn: view2.height, view2.width, height: height, width: width, from: &stream)
      return (first, second)
    case .shared:
      // The window must fit both images, should they differ in size.
      let both = CropWindow(
        randomIn: min(view1.height, view2.height), min(view1.width, view2.width), height: height, width: width,
        from: &stream)
      return (both, both)
    }
  }

  private func jitters(_ sample: SampleOrder.Sample) -> (ColorJitter, ColorJitter)? {
    guard let strength = configuration.jitterStrength else { return nil }
    var stream = stream(.colorJitter, sample)
    let first = ColorJitter(strength: strength, from: &stream)
    switch configuration.pairTransforms {
    case .independent: return (first, ColorJitter(strength: strength, from: &stream))
    case .shared: return (first, first)
    }
  }

  private func stream(_ purpose: RandomPurpose, _ sample: SampleOrder.Sample) -> RandomStream {
    RandomStream(seed: configuration.seed, purpose: purpose, epoch: sample.epoch, index: sample.index)
  }

  private func checkSize(_ image: RGBImage, pair: Int, view: Int) throws(Failure) {
    guard image.height < window.height || image.width < window.width else { return }
    let size = sizeText(height: image.height, width: image.width)
    let crop = sizeText(height: window.height, width: window.width)
    throw Failure(
      .badData, "Image \(view) of pair \(pair) has \(size) pixels, less than the crop of \(crop).",
      hint: "Choose a smaller \(.cropSize), or convert the images again with a larger \(.imageSize).")
  }
}

extension PairSource {
  /// The images of a pair; every error as a `Failure`.
  func checkedImages(ofPair index: Int) throws(Failure) -> (view1: RGBImage, view2: RGBImage) {
    try checked(index, images(ofPair:))
  }

  /// The scene of a pair; every error as a `Failure`.
  func checkedScene(ofPair index: Int) throws(Failure) -> Int { try checked(index, scene(ofPair:)) }

  private func checked<Value>(_ index: Int, _ read: (Int) throws -> Value) throws(Failure) -> Value {
    do {
      return try read(index)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.inputOutput, "Cannot read pair \(index): \(error)")
    }
  }
}

extension Advice.Term {
  /// The size of the crops that a network is trained on.
  package static let cropSize = Advice.Term("crop size")
}
