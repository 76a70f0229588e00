import Storage
import Tensors

/// Temporal pairs of frame folders: every sub-folder is a scene, its files in natural order are its frames.
public struct FrameSequences: Sendable {
  /// The smallest and largest distance between the two frames of a pair, in frames.
  public let gaps: ClosedRange<Int>
  /// For how many later frames each frame is paired, as far as the sequence goes.
  public let pairsPerFrame: Int
  /// Keys the draw of gaps.
  public let seed: UInt64

  /// Pairs of frames within `gaps` of each other.
  public init(gaps: ClosedRange<Int>, pairsPerFrame: Int = 1, seed: UInt64 = 0) {
    precondition(
      gaps.lowerBound >= 1 && pairsPerFrame >= 1, "gaps \(gaps) and \(pairsPerFrame) pairs a frame are impossible")
    self.gaps = gaps
    self.pairsPerFrame = pairsPerFrame
    self.seed = seed
  }

  /// The pairs of a folder, in the order of their first frames.
  ///
  /// - Parameter log: receives a line where files are left out.
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the folder.
  public func pairs(in folder: String, log: (String) -> Void = { _ in }) throws -> [PairCandidate] {
    let images = try ImageFolder(folder)
    if images.ignoredCount > 0 {
      log("\(folder): \(images.ignoredCount) files are left out, not being named .jpg, .jpeg or .png")
    }
    var pairs: [PairCandidate] = []
    var frame = 0
    for subfolder in images.subfolders {
      let files = images.files[subfolder] ?? []
      for first in files.indices {
        for gap in draw(frame: frame, available: files.count - 1 - first) {
          let views = [files[first], files[first + gap]].map { PairCandidate.View(path: folder + "/" + $0, source: $0) }
          pairs.append(PairCandidate(views[0], views[1], scene: subfolder.isEmpty ? "." : subfolder))
        }
        frame += 1
      }
    }
    guard !pairs.isEmpty else {
      throw Failure(
        .badData, "No folder in \(folder) has two frames that are \(gaps.lowerBound) to \(gaps.upperBound) apart.",
        hint: "Give smaller --min-gap and --max-gap.")
    }
    return pairs
  }

  /// Distinct gaps for one frame, ascending; `available` frames follow it.
  private func draw(frame: Int, available: Int) -> [Int] {
    guard available >= gaps.lowerBound else { return [] }
    var candidates = Array(gaps.lowerBound...min(gaps.upperBound, available))
    guard candidates.count > pairsPerFrame else { return candidates }
    var random = RandomStream(seed: seed, purpose: .frameGap, index: frame)
    // The first steps of a Fisher-Yates shuffle.
    for place in 0..<pairsPerFrame {
      candidates.swapAt(place, place + random.nextIndex(below: candidates.count - place))
    }
    return candidates.prefix(pairsPerFrame).sorted()
  }
}
