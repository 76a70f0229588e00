import Storage

/// A pair of image files that is to be converted.
package struct PairCandidate: Sendable {
  /// One of the two files.
  package struct View: Sendable, Hashable {
    /// Where to read it.
    package let path: String
    /// What the data set records as its source; without the machine's own folders where possible.
    package let source: String
    /// The part of the image that is the view; nil: all of it.
    package let crop: ImageCrop?

    /// A file or a part of it, and the name under which the data set records it.
    package init(path: String, source: String, crop: ImageCrop? = nil) {
      self.path = path
      self.source = source.withBytesSpelled
      self.crop = crop
    }
  }

  /// The view that is completed.
  package let view1: View
  /// The reference.
  package let view2: View
  /// Pairs of one scene go to the same split.
  package let scene: String
  /// The share of view 1 that view 2 sees, or NaN.
  package let overlap: Float
  /// Where the pair was listed, such as "list.txt:7", or nil.
  let origin: String?

  /// A pair of files.
  package init(_ view1: View, _ view2: View, scene: String, overlap: Float = .nan, origin: String? = nil) {
    self.view1 = view1
    self.view2 = view2
    self.scene = scene
    self.overlap = overlap
    self.origin = origin
  }
}
