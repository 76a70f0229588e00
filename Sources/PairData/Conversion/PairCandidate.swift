/// A pair of image files that is to be converted.
public struct PairCandidate: Sendable {
  /// One of the two files.
  public struct View: Sendable, Hashable {
    /// Where to read it.
    public let path: String
    /// What the data set records as its source; without the machine's own folders where possible.
    public let source: String
    /// The part of the image that is the view; nil: all of it.
    public let crop: ImageCrop?

    /// A file or a part of it, and the name under which the data set records it.
    public init(path: String, source: String, crop: ImageCrop? = nil) {
      self.path = path
      self.source = source
      self.crop = crop
    }
  }

  /// The view that is completed.
  public let view1: View
  /// The reference.
  public let view2: View
  /// Pairs of one scene go to the same split.
  public let scene: String
  /// The share of view 1 that view 2 sees, or NaN.
  public let overlap: Float
  /// Where the pair was listed, such as "list.txt:7", or nil.
  public let origin: String?

  /// A pair of files.
  public init(_ view1: View, _ view2: View, scene: String, overlap: Float = .nan, origin: String? = nil) {
    self.view1 = view1
    self.view2 = view2
    self.scene = scene
    self.overlap = overlap
    self.origin = origin
  }
}
