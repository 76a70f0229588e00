/// Something that holds decoded pairs by number: a data set on disk, or pairs in memory.
///
/// Safe to call from many threads at once.
package protocol PairSource: Sendable {
  /// The number of pairs.
  var count: Int { get }

  /// Decodes both images of pair `index`.
  ///
  /// - Throws: `Failure` of kind `badData` or `inputOutput` that names the file and the item.
  func images(ofPair index: Int) throws -> (view1: RGBImage, view2: RGBImage)

  /// The scene that pair `index` belongs to.
  ///
  /// - Throws: `Failure` of the file that says so.
  func scene(ofPair index: Int) throws -> Int

  /// What pair `index` is called where its random draws are keyed; `index` itself unless the source is a part of another.
  func number(ofPair index: Int) -> Int

  /// The file that holds pair `index`; "" for pairs in memory.
  func file(ofPair index: Int) -> String

  /// Asks the storage for the images of pair `index`, which are wanted soon, and does not wait for them.
  ///
  /// - Throws: `Failure` of the file; asking for the images will throw it again.
  func prefetch(pair index: Int) throws
}

extension PairSource {
  /// `index` itself.
  package func number(ofPair index: Int) -> Int { index }

  /// No file.
  package func file(ofPair index: Int) -> String { "" }

  /// Nothing to ask for.
  package func prefetch(pair index: Int) {}
}
