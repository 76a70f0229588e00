import PairConversion
import PairData
import Runtime
import Storage

/// Images that are looked at one by one, each with a name: files, or the stored images of a data set.
///
/// Safe for many threads.
package struct ImageSource: Sendable {
  /// What each image is called.
  package let names: [String]

  private let decode: @Sendable (Int) throws -> RGBImage
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
    self.init(names, nil) { try EncodedImage(file: files[$0]).decoded() }
  }

  /// The stored images of a data set, each once, called as in their shard.
  ///
  /// - Throws: `Failure` of a shard.
  package init(_ dataset: PairDataset) throws {
    self.init(try (0..<dataset.imageCount).map(dataset.source(ofImage:)), nil, dataset.image)
  }

  private init(
    _ names: [String], _ preparation: ImagePreparation?, _ decode: @escaping @Sendable (Int) throws -> RGBImage
  ) {
    (self.names, self.preparation, self.decode) = (names, preparation, decode)
  }

  /// The same images at one size.
  package func prepared(_ preparation: ImagePreparation) -> ImageSource { ImageSource(names, preparation, decode) }

  /// Decodes an image, and brings it to its size.
  ///
  /// - Throws: `Failure` that names the image.
  package func image(_ index: Int) throws -> RGBImage {
    let image = try decode(index)
    return try preparation?.apply(to: image, number: index, name: names[index]) ?? image
  }
}
