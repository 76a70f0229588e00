import Foundation
import Runtime
import Storage

/// Pairs of images that share 3D points in sparse COLMAP models.
///
/// The overlap of a pair is the number of 3D points that both images see, divided by the number that view 1 sees. Of two
/// images the earlier by name is view 1, unless only the other order has an overlap within the limits.
package struct ColmapPairs {
  /// The tree that is expected, in one line.
  package static let tree: Advice =
    "SCENE/sparse/0/images.bin, points3D.bin (or .txt), and SCENE/images/ or \(.imageFolder) DIR"

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

  /// The pairs of all models in a folder and below. Models of one folder `sparse` are one scene.
  ///
  /// - Parameters:
  ///   - images: the folder that image names are relative to; nil: a folder `images` beside or above the model.
  ///   - log: receives a line for every model.
  /// - Throws: `Failure` of kind `noInput`, or `badData` that names the damaged file.
  package func pairs(in folder: String, images: String? = nil, log: (String) -> Void = { _ in }) throws
    -> [PairCandidate]
  {
    let models = try Self.models(in: folder)
    guard !models.isEmpty else {
      throw Failure(.noInput, "There is no COLMAP model in \(folder) or below.", hint: "Expected: \(Self.tree).")
    }
    var pairs: [PairCandidate] = []
    for path in models {
      let model = try ColmapModel(folder: path)
      let root = try images ?? Self.imageRoot(of: model, path, in: folder)
      let scene = Self.scene(of: path, in: folder)
      let source = models.count > 1 && images == nil ? scene + "/" : ""
      func view(_ image: Int32) -> PairCandidate.View {
        let name = model.images[Int(image)]
        return .init(path: root.appending(path: name), source: source + name)
      }
      let chosen = choose(model)
      pairs += chosen.map {
        PairCandidate(view($0.image1), view($0.image2), scene: scene, overlap: Float($0.overlap), origin: path)
      }
      log("\(path): \(model.images.count) images, \(model.trackEnds.count) points, \(chosen.count) pairs")
    }
    guard !pairs.isEmpty else {
      throw Failure(
        .badData,
        "No two images of the \(models.count) COLMAP models in \(folder) share \(minimumPoints) points or more"
          + " with an overlap of \(overlap.lowerBound) to \(overlap.upperBound).",
        hint: "Give other \(.minimumOverlap), \(.maximumOverlap) or \(.minimumPoints).")
    }
    return pairs
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

  // MARK: Folders

  private static func models(in folder: String) throws -> [String] {
    guard FileSystem.exists(folder) else {
      throw Failure(.noInput, "Cannot read the folder \(folder).", hint: "Expected: \(tree).")
    }
    var models: [String] = []
    func visit(_ path: String, depth: Int) {
      if ColmapModel.isPresent(in: path) { models.append(path) }
      // Links can form circles; models lie near the top.
      guard depth < 8 else { return }
      let names = (try? FileSystem.names(in: path)) ?? []
      for name in names.sorted(by: NaturalOrder.precedes) where !name.hasPrefix(".") {
        let inner = path.appending(path: name)
        if FileSystem.isFolder(inner) { visit(inner, depth: depth + 1) }
      }
    }
    visit(folder, depth: 0)
    return models
  }

  /// The folder `images` beside the model, or up to three folders above, that holds the model's first image.
  private static func imageRoot(of model: ColmapModel, _ path: String, in folder: String) throws -> String {
    var place = path
    for _ in 0..<4 {
      let root = place.appending(path: "images")
      if CollectionFolder.hasFile(root.appending(path: model.images[0])) { return root }
      place += "/.."
    }
    throw Failure(
      .noInput, "No folder images near \(path) holds \(model.images[0]), the model's first image.",
      hint: "Name the folder with \(.imageFolder). Expected: \(tree).")
  }

  /// The model's folder without what tells models of a scene apart: `sparse/0`, `dslr_calibration_undistorted`.
  private static func scene(of path: String, in folder: String) -> String {
    var parts = CollectionFolder.parts(of: path)
    let root = CollectionFolder.parts(of: folder)
    if let sparse = parts.lastIndex(of: "sparse") {
      parts.removeSubrange(sparse...)
    } else if let last = parts.last, last.hasPrefix("dslr_calibration") || last.allSatisfy(\.isNumber) {
      parts.removeLast()
    }
    let inner = parts.count > root.count ? Array(parts[root.count...]) : Array(parts.suffix(1))
    return inner.isEmpty ? "." : inner.joined(separator: "/")
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
