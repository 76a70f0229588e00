import CroCoModel
import Evaluation
import Foundation
import Kernels
import PairConversion
import PairData
import RunFixtures
import Runtime
import Storage
import TestSupport
import Testing

@Suite("Features") struct FeatureTests {
  private let fixture: RunFixture
  private let model: PretrainedModel

  init() throws {
    fixture = try RunFixture()
    try fixture.run("run", ["schedule.total_steps=1", "schedule.warmup_steps=0", "validation.every_steps=0"])
    model = try PretrainedModel(path: fixture.output("run"))
    try FileSystem.createFolder(fixture.output("images/more"))
    for number in 0..<5 { try write("\(number < 3 ? "" : "more/")\(number).png", number, size: 40 + 8 * number) }
  }

  private func write(_ name: String, _ number: Int, size: Int) throws {
    let pixels = (0..<size * size * 3).map { UInt8(truncatingIfNeeded: $0 * (7 + number) + $0 / (3 * size) * 31) }
    let image = RGBImage(width: size, height: size, pixels: pixels)
    try Publication.publishBytes(PNGCodec.encode(image), at: fixture.output("images/" + name))
  }

  private func images() throws -> ViewSource { try ViewSource(files: [fixture.output("images")], .all) { _ in } }

  /// Writes features and returns the file's bytes.
  private func features(
    _ name: String, threads: Int = 2, of images: ViewSource? = nil,
    _ change: (inout FeatureExtraction.Options) -> Void = { _ in }
  ) throws -> Data {
    var options = FeatureExtraction.Options()
    change(&options)
    let path = fixture.output(name)
    let extraction = try FeatureExtraction(model, images ?? self.images(), options)
    let format = try #require(FeatureFile.Format(path: path))
    try extraction.write(to: path, format, pool: WorkerPool(workerCount: threads)) { _, _ in }
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  /// What the encoder says of the images, one at a time.
  private func expected(block: Int? = nil, size: Int? = nil) throws -> [Float] {
    var configuration = model.configuration
    if let size {
      configuration.positionGrid = [configuration.gridHeight, configuration.gridWidth]
      (configuration.imageHeight, configuration.imageWidth) = (size, size)
    }
    let pool = WorkerPool(workerCount: 1)
    let encoder = FeatureNetwork(
      configuration, batchSize: 1, slabCount: 1, parameters: model.network.parameters, pool: pool,
      output: FeatureNetwork.Output(.encoder, block: block))
    let (height, width) = (configuration.imageHeight, configuration.imageWidth)
    let preparation = ImagePreparation(height: height, width: width, allowsUpscaling: true)
    var result: [Float] = []
    let images = try images()
    for index in images.names.indices {
      let image = try preparation.apply(to: images.views(index)[0], number: 0, name: "")
      let planes = PlanarImage(height: height, width: width)
      planes.copy(image, top: 0, left: 0)
      let input = AlignedBuffer<Float>(count: 3 * height * width)
      Normalization.imageNet.write(planes, to: input.pointer)
      encoder.forward([Matrix(input.pointer, rows: 1, columns: input.count)])
      result += Array(encoder.features.elements)
    }
    return result
  }

  private func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
    a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
  }

  @Test("A safetensors file has the encoder's features of every patch, and the images' names")
  func safetensors() throws {
    _ = try features("x.safetensors") { $0.output.block = 1 }
    let file = try SafetensorsReader(path: fixture.output("x.safetensors"))
    #expect(
      file.tensor(named: "features")?.shape
        == [5, model.configuration.gridHeight, model.configuration.gridWidth, model.configuration.encoderDimension])
    #expect(largestDifference(try file.floats(of: "features"), try expected(block: 1)) < 1e-5)
    #expect(file.metadata["names"] == #"["0.png","1.png","2.png","more/3.png","more/4.png"]"#)
    #expect(file.metadata["output"] == "enc_blocks.1")
  }

  @Test("An .npy file holds the same bytes whatever the batch and the threads, also of other image sizes")
  func numpy() throws {
    let size = 2 * model.configuration.patchSize
    func change(_ options: inout FeatureExtraction.Options) { options.size = PixelSize(height: size, width: size) }
    let bytes = try features("x.npy", change)
    let again = try features("y.npy", threads: 1) { (options: inout FeatureExtraction.Options) in
      change(&options)
      options.batchSize = 3
    }
    #expect(bytes == again)
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 2, 2, \(model.configuration.encoderDimension)), }"
    let start = 10 + Int(bytes[8]) + 256 * Int(bytes[9])
    #expect(bytes.prefix(8) == Data([0x93] + Array("NUMPY".utf8) + [1, 0]) && start % 64 == 0)
    #expect(String(decoding: bytes[10..<start], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) == text)
    #expect(largestDifference(floats(bytes.dropFirst(start)), try expected(size: size)) < 1e-5)
    let names = try String(contentsOfFile: fixture.output("x.names.json"), encoding: .utf8)
    #expect(names == #"["0.png","1.png","2.png","more/3.png","more/4.png"]"# + "\n")
  }

  private func floats(_ bytes: Data) -> [Float] {
    let bytes = Array(bytes)
    return bytes.withUnsafeBytes { buffer in
      (0..<buffer.count / 4).map { buffer.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  @Test("An HDF5 file has the mean over the patches of each stored image of a data set, and where these came from")
  func hdf5() throws {
    let source = try ViewSource(imagesOf: PairDataset(path: fixture.data))
    let dense = try features("d.safetensors", of: source)
    let pooled = try features("p.h5", of: source) { $0.isPooled = true }
    let values = try SafetensorsReader(path: fixture.output("d.safetensors")).floats(of: "features")
    let (patches, channels) = (model.configuration.patchCount, model.configuration.encoderDimension)
    #expect(dense.count > pooled.count && values.count == source.names.count * patches * channels)
    let means = source.names.indices.flatMap { image in
      (0..<channels).map { channel in
        let sum = (0..<patches).reduce(0.0) { $0 + Double(values[(image * patches + $1) * channels + channel]) }
        return Float(sum / Double(patches))
      }
    }
    #expect(pooled.range(of: means.withUnsafeBytes { Data($0) }) != nil)
    for name in source.names { #expect(pooled.range(of: Data(name.utf8)) != nil) }
  }

  @Test(
    "A bad image ends it with a sentence, and nothing is written; so do a size and a block that the network has not")
  func failures() throws {
    try Publication.publishText("no picture", at: fixture.output("images/more/9.png"))
    #expect(throws: Failure.self) { try features("x.npy") }
    do {
      _ = try features("x.npy")
    } catch {
      #expect("\(error)".contains("more/9.png"))
    }
    let names = try FileSystem.names(in: fixture.folder.path)
    #expect(!names.contains { $0.hasPrefix("x.") })
    #expect(throws: Failure.self) { try features("x.npy") { $0.size = PixelSize(height: 17, width: 32) } }
    #expect(throws: Failure.self) { try features("x.npy") { $0.output.block = 99 } }
    #expect(FeatureFile.Format(path: "x.txt") == nil)
  }

  @Test("With bad files skipped, the features of a bad image are NaN, and the others' are as without it")
  func skipping() throws {
    _ = try features("whole.safetensors")
    try Publication.publishText("no picture", at: fixture.output("images/1a.png"))
    var options = FeatureExtraction.Options()
    options.skipsBadFiles = true
    var reasons: [String] = []
    try FeatureExtraction(model, images(), options).write(
      to: fixture.output("x.safetensors"), .safetensors, pool: WorkerPool(workerCount: 2), progress: { _, _ in },
      skipped: { reasons.append($0.message) })
    #expect(reasons.count == 1 && reasons[0].contains("1a.png"))
    let whole = try SafetensorsReader(path: fixture.output("whole.safetensors")).floats(of: "features")
    let values = try SafetensorsReader(path: fixture.output("x.safetensors")).floats(of: "features")
    let count = whole.count / 5
    #expect(values[2 * count..<3 * count].allSatisfy(\.isNaN) && values.count == 6 * count)
    #expect(Array(values[..<(2 * count)] + values[(3 * count)...]) == whole)
  }

  @Test("The decoder's features of a data set's pairs are those of the same images as files")
  func pairs() throws {
    let dataset = try PairDataset(path: fixture.data)
    let pairs = try ViewSource(pairsOf: dataset)
    var files: [String] = []
    for pair in 0..<3 {
      let (view1, view2) = try dataset.images(ofPair: pair)
      for (view, image) in [view1, view2].enumerated() {
        files.append(fixture.output("\(pair)-\(view).png"))
        try Publication.publishBytes(PNGCodec.encode(image), at: files[2 * pair + view])
      }
    }
    func decoder(_ options: inout FeatureExtraction.Options) { options.output.part = .decoder }
    let all = try values(features("all.safetensors", of: pairs, decoder))
    let some = try values(features("some.safetensors", threads: 1, of: ViewSource(pairsOfFiles: files), decoder))
    let perPair = model.configuration.patchCount * model.configuration.decoderDimension
    #expect(all.count == dataset.count * perPair && some == Array(all[..<(3 * perPair)]))
    let names = try SafetensorsReader(path: fixture.output("some.safetensors")).metadata["names"] ?? ""
    #expect(names.contains("0-0.png | ") && names.contains("2-1.png"))
    // Views exchanged are another question.
    let exchanged = try ViewSource(pairsOfFiles: [files[1], files[0]])
    #expect(try values(features("exchanged.safetensors", of: exchanged, decoder)) != Array(all[..<perPair]))
    #expect(throws: Failure.self) { try ViewSource(pairsOfFiles: Array(files[..<3])) }
  }

  private func values(_ file: Data) throws -> [Float] {
    let path = fixture.output("values.safetensors")
    try file.write(to: URL(fileURLWithPath: path))
    return try SafetensorsReader(path: path).floats(of: "features")
  }
}
