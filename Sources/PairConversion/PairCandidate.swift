import PairData
import Storage

/// A pair of image files that is to be converted.
package struct PairCandidate: Sendable {
  /// One of the two files. A path and a crop make an image, whatever it is called.
  package struct View: Sendable, Hashable {
    /// Where to read it.
    package let path: String
    /// What the data set records as its source; without the machine's own folders where possible.
    package let source: String
    /// The part of the image that is the view; nil: all of it.
    package let crop: ImageCrop?

    /// A file or a part of it, and the name under which the data set records it.
    package init(path: String, source: String, crop: ImageCrop? = nil) {
      self.path = path.plainPath
      self.source = source.withBytesSpelled
      self.crop = crop
    }

    package static func == (a: View, b: View) -> Bool {
      a.crop == b.crop && ExactText(a.path) == ExactText(b.path)
    }

    package func hash(into hasher: inout Hasher) {
      hasher.combine(ExactText(path))
      hasher.combine(crop)
    }
  }

  /// The view that is completed.
  package let view1: View
  /// The reference.
  package let view2: View
  /// Pairs of one scene go to the same split. Scenes are told apart by the bytes of their names.
  package let scene: String
  /// The split that the collection puts the scene into, the same for all its pairs; nil: it is drawn.
  package let split: Split?
  /// The share of view 1 that view 2 sees, or NaN.
  package let overlap: Float
  /// Where the pair was listed, such as "list.txt:7", or nil.
  let origin: String?

  /// A pair of files.
  package init(
    _ view1: View, _ view2: View, scene: String, split: Split? = nil, overlap: Float = .nan, origin: String? = nil
  ) {
    self.view1 = view1
    self.view2 = view2
    self.scene = scene
    self.split = split
    self.overlap = overlap
    self.origin = origin
  }
}
