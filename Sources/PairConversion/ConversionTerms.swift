import Runtime

// What users can set about conversions, as failures call it.
extension Advice.Term {
  /// Enlarging images that are too small.
  package static let upscaling = Advice.Term("the option to enlarge")
  /// The smallest and the largest distance of the frames of a pair.
  package static let minimumGap = Advice.Term("smallest gap"), maximumGap = Advice.Term("largest gap")
  /// How the files of two folders belong together.
  package static let matching = Advice.Term("matching")
  /// Stereo or temporal pairs.
  package static let pairKind = Advice.Term("pairs of kind")
  /// Looking for files where a list names some.
  package static let ignoringLists = Advice.Term("the option to ignore it")
  /// The folder that holds the images of a model or a list.
  package static let imageFolder = Advice.Term("the option for an image folder")
  /// The name of the folder of images in each scene.
  package static let imageFolderName = Advice.Term("the option for the name of image folders")
  /// The limits of the overlap of a pair.
  package static let minimumOverlap = Advice.Term("smallest overlap"), maximumOverlap = Advice.Term("largest overlap")
  /// How many points a pair shares.
  package static let minimumPoints = Advice.Term("smallest number of points")
  /// Patterns of names that are taken, and of names that are left out.
  package static let includedNames = Advice.Term("patterns to include"),
    excludedNames = Advice.Term("patterns to exclude")
  /// Frames a second that are taken of a video.
  package static let frameRate = Advice.Term("frame rate")
  /// Making a data set of folders of frames.
  package static let frameConversion = Advice.Term("a conversion of frames")
  /// Making a data set of COLMAP models.
  package static let colmapConversion = Advice.Term("a conversion of COLMAP models")
  /// Making a data set of a list of pairs.
  package static let listConversion = Advice.Term("a conversion of pairs")
  /// Making a data set of a list of crops.
  package static let cropConversion = Advice.Term("a conversion of crops")
}
