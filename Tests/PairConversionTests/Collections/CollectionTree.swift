import DataFixtures
import Foundation
import PairConversion
import PairData
import Testing

/// A miniature of a collection: generated images at the paths of the real one.
struct CollectionTree {
  let folder: String

  /// Writes an image at each path, JPEG or PNG by the suffix; image i shows `picture(i)`.
  init(_ folder: String, _ paths: [String], width: Int = 40, height: Int = 32) throws {
    self.folder = folder
    for (index, path) in paths.enumerated() {
      let format: ImageFormat = path.lowercased().hasSuffix(".png") ? .png : .jpeg
      let image = try EncodedImage(
        encoding: picture(index, width: width, height: height), as: format, name: path)
      try write(path, Data(image.bytes))
    }
  }

  /// Writes a file and the folders above it.
  func write(_ path: String, _ content: Data) throws {
    let url = URL(fileURLWithPath: folder + "/" + path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try content.write(to: url)
  }

  /// Writes a text file.
  func write(_ path: String, _ text: String) throws { try write(path, Data(text.utf8)) }

  /// Removes a file or a folder.
  func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: folder + "/" + path) }
}

/// A pair as "view 1 | view 2 | scene".
func summary(_ pair: PairCandidate) -> String { "\(pair.view1.source) | \(pair.view2.source) | \(pair.scene)" }

/// Converts pairs and expects to read back the sources and scenes, and for PNG files the pixels as well.
func expectConverts(
  _ pairs: [PairCandidate], in folder: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let output = folder + "/converted \(UUID().uuidString)"
  try convert(
    pairs, ConversionOptions(dataset: .init(codec: .png, validationFraction: 0), threadCount: 2), to: output)
  let dataset = try PairDataset(path: output)
  #expect(dataset.count == pairs.count, sourceLocation: sourceLocation)
  var scenes: [Int: String] = [:]
  for (index, pair) in pairs.enumerated() {
    let sources = try dataset.sources(ofPair: index)
    let scene = try dataset.scene(ofPair: index)
    #expect(sources.view1 == pair.view1.source && sources.view2 == pair.view2.source, sourceLocation: sourceLocation)
    #expect(scenes[scene, default: pair.scene] == pair.scene, sourceLocation: sourceLocation)
    scenes[scene] = pair.scene
    guard pair.view1.crop == nil, pair.view2.crop == nil else { continue }
    let images = try dataset.images(ofPair: index)
    for (image, view) in [(images.view1, pair.view1), (images.view2, pair.view2)] {
      #expect(try image == EncodedImage(file: view.path).decoded(), "\(view.path)", sourceLocation: sourceLocation)
    }
  }
  #expect(Set(scenes.values).count == Set(pairs.map(\.scene)).count, sourceLocation: sourceLocation)
}
