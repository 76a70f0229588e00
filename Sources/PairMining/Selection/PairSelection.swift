import PairConversion

/// What became of two images that show the same place.
package enum PairVerdict: String, Sendable, CaseIterable, Codable {
  /// It goes into the list.
  case accepted
  /// The same picture twice, or nearly so.
  case duplicate
  /// One homography explains it: a plane, a camera that only turned, or a picture and its own cut-out.
  case homography
  /// The views share too little.
  case smallOverlap = "small_overlap"
  /// The views share too much.
  case largeOverlap = "large_overlap"
  /// One of the images is in enough pairs.
  case imageCap = "image_cap"

  /// The verdict as part of a sentence after a number.
  package var words: String {
    switch self {
    case .accepted: "accepted"
    case .duplicate: "near-identical"
    case .homography: "explained by one homography"
    case .smallOverlap: "with too little overlap"
    case .largeOverlap: "with too much overlap"
    case .imageCap: "of images that have enough pairs"
    }
  }
}

/// Decides on pairs.
struct PairSelection {
  let options: MiningOptions

  /// Views that differ by less, as a share of their sides, are the same picture.
  private static let duplicateDisplacement = 0.005
  private static let duplicateOverlap = 0.95

  /// What a pair by itself is worth.
  func verdict(_ pair: PairMeasurement) -> PairVerdict {
    if pair.displacement < Self.duplicateDisplacement, pair.overlap.smaller > Self.duplicateOverlap {
      return .duplicate
    }
    if pair.parallax < options.minimumParallax, !options.allowsHomographies { return .homography }
    if pair.overlap.smaller < options.overlap.lowerBound { return .smallOverlap }
    return pair.overlap.smaller > options.overlap.upperBound ? .largeOverlap : .accepted
  }

  /// The verdicts of all pairs; images get at most ``MiningOptions/pairsPerImage``, of which those first whose overlap is in
  /// the middle of the range.
  func verdicts(_ pairs: [PairMeasurement], imageCount: Int) -> [PairVerdict] {
    var verdicts = pairs.map(verdict)
    let middle = (options.overlap.lowerBound + options.overlap.upperBound) / 2
    let order = pairs.indices.filter { verdicts[$0] == .accepted }.sorted {
      (abs(pairs[$0].overlap.smaller - middle), $0) < (abs(pairs[$1].overlap.smaller - middle), $1)
    }
    var used = [Int](repeating: 0, count: imageCount)
    for index in order {
      let (first, second) = (pairs[index].first, pairs[index].second)
      guard used[first] < options.pairsPerImage, used[second] < options.pairsPerImage else {
        verdicts[index] = .imageCap
        continue
      }
      used[first] += 1
      used[second] += 1
    }
    return verdicts
  }

  /// The scene of every image: the name of the first image of its group. Whatever shows the same place is one scene,
  /// accepted or not, so that no picture of it gets into the other split.
  static func scenes(_ pairs: [PairMeasurement], names: [String]) -> [String] {
    var components = ConnectedComponents()
    for name in names { components.join(name, name) }
    for pair in pairs { components.join(names[pair.first], names[pair.second]) }
    return names.map { components.representative(of: $0) }
  }
}
