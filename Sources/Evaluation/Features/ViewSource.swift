import PairConversion
import PairData
import Runtime
import Storage

/// What features are made of, with names: single images, or pairs of them; of files, or of a data set.
///
/// Safe for many threads.
package struct ViewSource: Sendable {
  /// What each image is called, or each pair: "LEFT | RIGHT".
  package let names: [String]
  /// 1 for single images, 2 for pairs.
  package let viewCount: Int

  private let decode: @Sendable (Int) throws -> [RGBImage]
  private let preparation: ImagePreparation?

  /// The images of files and folders with their sub-folders, in natural order. A single folder's are called by their paths below it,
  /// others by the paths that were given.
  ///
  /// - Parameter log: receives a line for what is left out.
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the folder.
  package init(files inputs: [String], _ selection: ImageSelection, log: (String) -> Void) throws {
    var (names, paths): ([String], [String]) = ([], [])
    for input in inputs {
      guard FileSystem.isFolder(input) else {
        names.append(input)
        paths.append(input)
        continue
      }
      let folder = try ImageFolder(input, selection)
      folder.report(to: log)
      for file in folder.subfolders.flatMap({ folder.files[$0] ?? [] }) {
        paths.append(input.appending(path: file))
        names.append(inputs.count == 1 ? file : input.appending(path: file))
      }
    }
    let files = paths
    self.init(names, viewCount: 1) { [try EncodedImage(file: files[$0]).decoded()] }
  }

  /// Pairs of image files: the first with the second, the third with the fourth, and so on.
  ///
  /// - Throws: `Failure` of kind `usage` where one is left over, or a folder among them.
  package init(pairsOfFiles files: [String]) throws(Failure) {
    if let folder = files.first(where: FileSystem.isFolder) {
      throw Failure(
        .usage, "\(folder) is a folder, which does not tell its pairs.",
        hint: "Name two images for each pair, or make a data set of the folder with \(.conversion).")
    }
    guard files.count % 2 == 0 else {
      throw Failure(
        .usage, "Pairs are two images each, and these are \(files.count).", hint: "Name a second image for each.")
    }
    let names = stride(from: 0, to: files.count, by: 2).map { Self.name(files[$0], files[$0 + 1]) }
    self.init(names, viewCount: 2) { pair in
      try [2 * pair, 2 * pair + 1].map { try EncodedImage(file: files[$0]).decoded() }
    }
  }

  /// The stored images of a data set, each once, called as in their shard.
  ///
  /// - Throws: `Failure` of a shard.
  package init(imagesOf dataset: PairDataset) throws {
    self.init(try (0..<dataset.imageCount).map(dataset.source(ofImage:)), viewCount: 1) { [try dataset.image($0)] }
  }

  /// The pairs of a data set, in its order.
  ///
  /// - Throws: `Failure` of a shard.
  package init(pairsOf dataset: PairDataset) throws {
    let names = try (0..<dataset.count).map { pair in
      let sources = try dataset.sources(ofPair: pair)
      return Self.name(sources.view1, sources.view2)
    }
    self.init(names, viewCount: 2) { pair in
      let (view1, view2) = try dataset.images(ofPair: pair)
      return [view1, view2]
    }
  }

  private init(
    _ names: [String], viewCount: Int, _ preparation: ImagePreparation? = nil,
    _ decode: @escaping @Sendable (Int) throws -> [RGBImage]
  ) {
    (self.names, self.viewCount, self.preparation, self.decode) = (names, viewCount, preparation, decode)
  }

  private static func name(_ view1: String, _ view2: String) -> String { "\(view1) | \(view2)" }

  /// The same images at one size.
  package func prepared(_ preparation: ImagePreparation) -> ViewSource {
    ViewSource(names, viewCount: viewCount, preparation, decode)
  }

  /// Decodes an image, or both of a pair, and brings them to their size.
  ///
  /// - Throws: `Failure` that names the image.
  package func views(_ index: Int) throws -> [RGBImage] {
    let images = try decode(index)
    guard let preparation else { return images }
    return try images.map { try preparation.apply(to: $0, number: index, name: names[index]) }
  }
}
