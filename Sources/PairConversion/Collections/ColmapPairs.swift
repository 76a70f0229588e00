import Runtime

/// Pairs of images that share 3D points in sparse COLMAP models.
///
/// The overlap of a pair is the number of 3D points that both images see, divided by the number that view 1 sees. Of two
/// images the earlier by name is view 1, unless only the other order has an overlap within the limits.
package struct ColmapPairs {
  /// The tree that is expected, in one line.
  package static let tree: Advice =
    "SCENE/sparse/0/images.bin, points3D.bin (or .txt), and SCENE/images/ or SCENE/NAME with \(.imageFolderName) NAME"

  private let overlap: ClosedRange<Double>
  private let minimumPoints: Int
  private let pairsPerImage: Int

  /// Which pairs are taken.
  ///
  /// - Parameters:
  ///   - overlap: the smallest and the largest overlap.
  ///   - minimumPoints: how many points a pair shares at least.
  ///   - pairsPerImage: in how many pairs an image is view 1 at most; where it could be in more, those are kept whose
  ///     overlaps are spread evenly.
  package init(overlap: ClosedRange<Double> = 0.3...0.8, minimumPoints: Int = 50, pairsPerImage: Int = 10) {
    precondition(pairsPerImage >= 1, "an image cannot be in \(pairsPerImage) pairs")
    self.overlap = overlap
    self.minimumPoints = minimumPoints
    self.pairsPerImage = pairsPerImage
  }

  /// The pairs of all models in a folder and below. Each workspace is a scene, of which an image and a pair count once.
  ///
  /// - Parameters:
  ///   - images: where images are looked for.
  ///   - preference: which model of a workspace is read where several are of the same images.
  ///   - leavesOutImageless: whether a model of which no image is found is left out, with a line.
  ///   - log: receives a line for every model, and for images that are not used.
  /// - Throws: `Failure` of kind `noInput`, or `badData` that names the damaged file.
  package func pairs(
    in folder: String, images: ColmapImages = .near(["images"]), preference: ColmapPreference = .sparse,
    leavesOutImageless: Bool = false, log: (String) -> Void = { _ in }
  ) throws -> [PairCandidate] {
    let selection = try ColmapSelection(
      ColmapPlace.all(in: folder, preference: preference), images: images, leavesOutImageless: leavesOutImageless,
      log: log)
    var found: [(source: ColmapSelection.Source, pairs: [Choice])] = []
    var known: Set<SIMD2<Int>> = []
    // Scenes with a common image are one.
    var components = ConnectedComponents()
    for source in selection.sources {
      var model = source.model
      try model.readPoints()
      let pairs = choose(model).filter { known.insert(source.unordered($0)).inserted }
      log("\(source.place.path): \(model.images.count) images, \(model.trackEnds.count) points, \(pairs.count) pairs")
      found.append((source, pairs))
      for pair in pairs {
        for number in source.numbers(of: pair) { components.join(source.place.scene, "\n\(number)") }
      }
    }
    var used = [Bool](repeating: false, count: selection.views.count)
    var candidates: [PairCandidate] = []
    for (source, pairs) in found {
      for pair in pairs {
        let numbers = source.numbers(of: pair)
        for number in numbers { used[number] = true }
        candidates.append(
          PairCandidate(
            selection.views[numbers[0]], selection.views[numbers[1]],
            scene: components.representative(of: source.place.scene), overlap: Float(pair.overlap),
            origin: source.place.path))
      }
    }
    selection.unused(used).report(of: folder, to: log)
    guard !candidates.isEmpty else {
      throw Failure(
        .badData,
        "No two images of the \(found.count) COLMAP models in \(folder) share \(minimumPoints) points or more"
          + " with an overlap of \(overlap.lowerBound) to \(overlap.upperBound).",
        hint: "Give other \(.minimumOverlap), \(.maximumOverlap) or \(.minimumPoints).")
    }
    return candidates
  }

  // MARK: Overlap

  struct Choice: Equatable {
    let image1: Int32
    let image2: Int32
    let overlap: Double
  }

  /// The pairs of a model, by view 1.
  func choose(_ model: ColmapModel) -> [Choice] {
    let count = model.images.count
    let seen = PointLists(model)
    var chosen: [[Choice]] = Array(repeating: [], count: count)
    var shared = [Int32](repeating: 0, count: count)
    for first in 0..<count {
      for point in seen.points(of: first) {
        for other in model.track(point) where other > first { shared[Int(other)] += 1 }
      }
      for second in (first + 1)..<max(count, first + 1) where shared[second] > 0 {
        let points = Int(shared[second])
        shared[second] = 0
        guard points >= minimumPoints else { continue }
        for (image1, image2) in [(first, second), (second, first)] {
          let share = Double(points) / Double(seen.count(of: image1))
          guard overlap.contains(share) else { continue }
          chosen[image1].append(Choice(image1: Int32(image1), image2: Int32(image2), overlap: share))
          break
        }
      }
    }
    return chosen.flatMap { spread($0) }
  }

  /// At most ``pairsPerImage`` pairs of one view 1, with overlaps spread evenly, in the order of view 2.
  private func spread(_ pairs: [Choice]) -> [Choice] {
    guard pairs.count > pairsPerImage else { return pairs }
    let sorted = pairs.sorted { ($0.overlap, $0.image2) < ($1.overlap, $1.image2) }
    let kept = (0..<pairsPerImage).map { sorted[(2 * $0 + 1) * sorted.count / (2 * pairsPerImage)] }
    return kept.sorted { $0.image2 < $1.image2 }
  }
}

extension ColmapSelection.Source {
  /// The numbers of the two images of a pair of its model.
  fileprivate func numbers(of pair: ColmapPairs.Choice) -> [Int] { [views[Int(pair.image1)], views[Int(pair.image2)]] }

  /// The same for a pair and its turned one.
  fileprivate func unordered(_ pair: ColmapPairs.Choice) -> SIMD2<Int> {
    let numbers = numbers(of: pair)
    return SIMD2(numbers.min()!, numbers.max()!)
  }
}

extension ColmapModel {
  /// The images that see a point.
  func track(_ point: Int32) -> ArraySlice<Int32> {
    tracks[(point > 0 ? trackEnds[Int(point) - 1] : 0)..<trackEnds[Int(point)]]
  }
}

/// The points that each image sees.
private struct PointLists {
  private let ends: [Int]
  private let points: [Int32]

  init(_ model: ColmapModel) {
    var starts = [Int](repeating: 0, count: model.images.count + 1)
    for image in model.tracks { starts[Int(image) + 1] += 1 }
    for image in 0..<model.images.count { starts[image + 1] += starts[image] }
    var next = starts
    points = [Int32](unsafeUninitializedCapacity: model.tracks.count) { target, count in
      for point in model.trackEnds.indices {
        for image in model.track(Int32(point)) {
          target[next[Int(image)]] = Int32(point)
          next[Int(image)] += 1
        }
      }
      count = model.tracks.count
    }
    ends = starts
  }

  func points(of image: Int) -> ArraySlice<Int32> { points[ends[image]..<ends[image + 1]] }

  func count(of image: Int) -> Int { ends[image + 1] - ends[image] }
}
