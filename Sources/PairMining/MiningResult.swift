import Foundation
import PairData

/// What a search found.
package struct MiningResult: Sendable {
  /// The images that were looked at, in order.
  package let images: [SourceImage]
  /// How the stored pixels of each image are to be shown.
  let orientations: [Orientation]
  /// The size of each image as shown, in pixels; 0 for those that cannot be read.
  package let sizes: [(width: Int, height: Int)]
  /// Images that cannot be read, with what is wrong.
  package let badImages: [(image: Int, reason: String)]
  /// Files with the same bytes as an earlier one, and that one; they are left out.
  package let copies: [(image: Int, of: Int)]
  /// Pairs that show the same place, in the order of their images.
  package let pairs: [PairMeasurement]
  /// What became of each of them.
  let verdicts: [PairVerdict]
  /// The scene of every image.
  package let scenes: [String]
  /// The counts.
  package let summary: MiningSummary

  init(
    images: [SourceImage], collection: FeatureCollection, compared: Int, unverified: Int, pairs: [PairMeasurement],
    verdicts: [PairVerdict], scenes: [String]
  ) {
    self.images = images
    orientations = collection.orientations
    sizes = collection.sizes
    badImages = collection.badImages.map { ($0.image, $0.reason) }
    copies = collection.copies.map { ($0.image, $0.of) }
    self.pairs = pairs
    self.verdicts = verdicts
    self.scenes = scenes
    let accepted = pairs.indices.filter { verdicts[$0] == .accepted }
    let used = Set(accepted.flatMap { [pairs[$0].first, pairs[$0].second] })
    summary = MiningSummary(
      images: images.count, badImages: collection.badImages.count, identicalFiles: collection.copies.count,
      features: collection.featureCount, compared: compared, unrelated: unverified,
      verdicts: Dictionary(grouping: verdicts, by: \.rawValue).mapValues(\.count),
      scenes: Set(accepted.map { scenes[pairs[$0].first] }).count, pairedImages: used.count,
      crops: accepted.reduce(0) { $0 + pairs[$1].crops.count })
  }

  /// The pairs for the list.
  package var acceptedPairs: [PairMeasurement] { pairs.indices.filter { verdicts[$0] == .accepted }.map { pairs[$0] } }

  /// The pairs of one verdict.
  package func pairs(_ verdict: PairVerdict) -> [PairMeasurement] {
    pairs.indices.filter { verdicts[$0] == verdict }.map { pairs[$0] }
  }
}

/// The counts of a search.
package struct MiningSummary: Sendable, Equatable, Encodable {
  /// Images found, images that cannot be read, and files with the bytes of another.
  package let images: Int, badImages: Int, identicalFiles: Int
  /// Features of all images.
  package let features: Int
  /// Pairs of images that were compared.
  package let compared: Int
  /// Of these, pairs whose matches are too few or no more than chance.
  package let unrelated: Int
  /// The other pairs, by ``PairVerdict``.
  let verdicts: [String: Int]
  /// Scenes with accepted pairs, and images in them.
  package let scenes: Int, pairedImages: Int
  /// Aligned crops of accepted pairs.
  package let crops: Int

  /// The number of pairs of one verdict.
  package func count(_ verdict: PairVerdict) -> Int { verdicts[verdict.rawValue] ?? 0 }
}
