import ArgumentParser
import CroCoModel
import Evaluation
import Foundation
import PairConversion
import PairData
import Runtime
import Storage
import Training

/// `croco features`: dense or pooled features of images by a trained encoder, or of pairs by the decoder.
struct FeaturesCommand: SingleProcessCommand {
  static let configuration = CommandConfiguration(
    commandName: "features",
    abstract: "Writes the features that a trained network has of images or pairs.",
    discussion: """
      The ending of the output decides: .npy (names of the images in FILE.names.json beside it), .safetensors (names as JSON in \
      its metadata), or .h5 (/features and /names). The array is fp32: [images, rows, columns, channels] with a vector for \
      each patch, or with --pool mean [images, channels]. Images keep their order: natural order of names in a folder, that \
      of the shards in a data set. Any size will do whose sides are multiples of the patch. With --decoder they are features of \
      pairs, [pairs, rows, columns, channels]: of view 1, nothing masked, with the help of view 2. The inputs are then the \
      pairs of a data set, or image files, two for each pair.
      """)

  @Argument(
    help: "A run folder (its newest checkpoint), RUN/best, a checkpoint folder or a .safetensors or .pth file.",
    completion: .file())
  var network: String

  @OptionGroup var choice: WeightsChoice

  @Argument(help: "Image files, folders of images with their sub-folders, or one data set.", completion: .file())
  var inputs: [String]

  @Option(name: .shortAndLong, help: "The .npy, .safetensors or .h5 file to write.", completion: .file())
  var output: String

  @Option(
    help: "The block whose output is wanted, from 0. Default: the last one's, through the norm behind it.")
  var block: Int?

  @Flag(help: "The decoder's features of pairs, instead of the encoder's of images.")
  var decoder = false

  @Flag(help: "What cannot be read gets NaN and a warning; without this it ends the command, and nothing is written.")
  var skipBad = false

  @Option(help: "The size of the images in pixels: S for a square, or HEIGHTxWIDTH. Default: that of the network.")
  var size: ImageSizeArgument?

  @Option(help: "How images come to that size: crop (just covered, then the centre), or stretch.")
  var fit = ImageFit.crop

  @Option(help: "Interpolation, antialiased, equal to Pillow's: lanczos, bicubic, bilinear or adaptive.")
  var filter = ImageFilter.lanczos

  @Option(help: "mean: one vector an image, the mean over its patches; none: a vector for each patch.")
  var pool = FeaturePooling.none

  @Option(help: "The arithmetic of products: fp32, bf16, int8 or int8_full.")
  var precision = Precision.fp32

  @Option(
    help: ArgumentHelp(
      "Images or pairs that are computed at once, in steps of 4 images. Default: 8 images for each thread. It does not change "
        + "results."))
  var batch: Int?

  @Option(help: "Threads; the cores of the process if absent.")
  var threads: Int?

  @Option(help: "The split of a data set: train or val.")
  var split = Split.train

  @OptionGroup var selection: SelectionOptions

  func validate() throws {
    guard !inputs.isEmpty else { throw ValidationError("Name images, a folder or a data set.") }
    guard FeatureFile.Format(path: output) != nil else {
      throw ValidationError("The output's name ends in .npy, .safetensors or .h5.")
    }
    guard fit != .randomCrop else { throw ValidationError("--fit is crop or stretch.") }
    guard precision != .auto else { throw ValidationError("--precision is fp32, bf16, int8 or int8_full.") }
    guard (1...4096).contains(batch ?? 1) else { throw ValidationError("--batch is a number from 1 to 4096.") }
    guard (1...1024).contains(threads ?? 1) else { throw ValidationError("--threads is a number from 1 to 1024.") }
  }

  func compute() throws {
    guard let format = FeatureFile.Format(path: output) else { return }
    let model = try PretrainedModel(path: network, choice.weights)
    Croco.warn(model.warnings)
    let unit = decoder ? "pairs" : "images"
    let bar = ProgressBar("features", unit: unit)
    defer { bar.clear() }
    let extraction = try FeatureExtraction(model, views(log: bar.print), options)
    let workers = WorkerPool(workerCount: StartupChecks.threads(configured: threads))
    let start = ContinuousClock.now
    var skippedCount = 0
    try extraction.write(to: output, format, pool: workers, progress: bar.update) { failure in
      skippedCount += 1
      bar.print("skipped, its features are NaN: \(failure.message)")
    }
    bar.clear()
    let (seconds, count) = ((ContinuousClock.now - start) / .seconds(1), extraction.shape[0])
    print(
      "\(output): \(extraction.shape.map(String.init).joined(separator: " x ")) numbers, weights of \(model.path), "
        + String(format: "%.1f \(unit)/s.", Double(count) / max(seconds, 1e-9))
        + (skippedCount == 0 ? "" : " NaN for \(skippedCount) of them, which cannot be read."))
  }

  private func views(log: (String) -> Void) throws -> ViewSource {
    guard inputs.contains(where: { FileSystem.exists($0.appending(path: DatasetManifest.fileName)) }) else {
      if decoder { return try ViewSource(pairsOfFiles: inputs) }
      return try ViewSource(files: inputs, selection.colourImages, log: log)
    }
    guard inputs.count == 1 else {
      throw Failure(.usage, "A data set is read alone: \(inputs.joined(separator: ", ")) are several inputs.")
    }
    let dataset = try PairDataset(path: inputs[0], split: split)
    return try decoder ? ViewSource(pairsOf: dataset) : ViewSource(imagesOf: dataset)
  }

  private var options: FeatureExtraction.Options {
    var options = FeatureExtraction.Options()
    options.output = FeatureNetwork.Output(decoder ? .decoder : .encoder, block: block)
    options.skipsBadFiles = skipBad
    options.size = size.map { PixelSize(height: $0.height, width: $0.width) }
    (options.fit, options.filter) = (fit, filter)
    options.isPooled = pool == .mean
    (options.precision, options.batchSize) = (precision, batch)
    return options
  }
}

extension Precision: ExpressibleByArgument {}

/// `--pool`.
enum FeaturePooling: String, CaseIterable, ExpressibleByArgument {
  case none, mean
}
