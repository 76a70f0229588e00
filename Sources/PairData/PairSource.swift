/// Something that holds decoded pairs by number: a data set on disk, or pairs in memory.
///
/// Safe to call from many threads at once.
public protocol PairSource: Sendable {
  /// The number of pairs.
  var count: Int { get }

  /// Decodes both images of pair `index`.
  ///
  /// - Throws: `Failure` of kind `badData` or `inputOutput` that names the file and the item.
  func images(ofPair index: Int) throws -> (view1: RGBImage, view2: RGBImage)

  /// The scene that pair `index` belongs to.
  func scene(ofPair index: Int) -> Int
}
