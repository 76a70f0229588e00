import Foundation
import PairConversion
import Runtime

/// How pairs are looked for and which are taken.
package struct MiningOptions: Sendable {
  /// Which images are compared.
  package enum Comparison: Sendable, Equatable {
    /// All with all.
    case all
    /// Each image with so many that follow it in its folder.
    case window(Int)
    /// Each image with so many that look most alike by their largest features.
    case candidates(Int)
  }

  /// Which files of the folders are looked at.
  package var images = ImageSelection.colourImages
  /// How features are found.
  package var features = FeatureExtractor.Options()
  /// Which images are compared; nil compares all with all up to ``allLimit`` images, and beyond that each with ``defaultCandidates``.
  package var comparison: Comparison?
  /// The overlap of accepted pairs: the smaller of view 1 in view 2 and of view 2 in view 1.
  package var overlap: ClosedRange<Double> = 0.3...0.8
  /// The fewest matches that one geometry must explain.
  package var minimumInliers = 30
  /// Pairs of less parallax (share of inliers that no single homography explains) count as homographies.
  package var minimumParallax = 0.1
  /// Whether homographies are accepted.
  package var allowsHomographies = false
  /// The most accepted pairs of an image.
  package var pairsPerImage = 20
  /// The most aligned crops of a pair.
  package var cropsPerPair = 4
  /// The smallest side of an aligned crop, in pixels of the image.
  package var smallestCrop = 224
  /// Keys the random samples of the verification.
  package var seed: UInt64 = 0
  /// The number of threads; the result does not depend on it.
  package var threadCount = 1
  /// What the program calls itself and what comes next, in the lists that people read; nil for plain names.
  package var naming: @Sendable (Advice.Term) -> String? = { _ in nil }

  /// Up to so many images all are compared with all.
  package static let allLimit = 200
  /// Where there are more images, each is compared with so many.
  package static let defaultCandidates = 40

  /// The defaults.
  package init() {}

  func comparison(imageCount: Int) -> Comparison {
    comparison ?? (imageCount <= Self.allLimit ? .all : .candidates(Self.defaultCandidates))
  }
}
