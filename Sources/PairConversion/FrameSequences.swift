import Runtime
import Storage

/// Temporal pairs of frame sequences: each frame with later ones of its sequence.
package struct FrameSequences: Sendable {
  /// Frames in their order in time.
  package struct Sequence: Sendable {
    /// Pairs of one scene go to the same split.
    package let scene: String
    /// The frames.
    package let frames: [PairCandidate.View]

    /// Frames of a scene, in their order in time.
    package init(scene: String, frames: [PairCandidate.View]) {
      self.scene = scene
      self.frames = frames
    }
  }

  /// The smallest and largest distance between the two frames of a pair, in frames.
  let gaps: ClosedRange<Int>
  /// For how many later frames each frame is paired, as far as the sequence goes.
  let pairsPerFrame: Int
  /// Keys the draw of gaps.
  package let seed: UInt64

  /// Pairs of frames within `gaps` of each other.
  package init(gaps: ClosedRange<Int>, pairsPerFrame: Int = 1, seed: UInt64 = 0) {
    precondition(
      gaps.lowerBound >= 1 && pairsPerFrame >= 1, "gaps \(gaps) and \(pairsPerFrame) pairs a frame are impossible")
    self.gaps = gaps
    self.pairsPerFrame = pairsPerFrame
    self.seed = seed
  }

  /// The pairs of a folder: every sub-folder is a scene, its files in natural order are its frames.
  ///
  /// - Parameter log: receives a line where files are left out.
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the folder.
  package func pairs(in folder: String, log: (String) -> Void = { _ in }) throws -> [PairCandidate] {
    let images = try ImageFolder(folder)
    if images.ignoredCount > 0 {
      log("\(folder): \(images.ignoredCount) files are left out, not being named .jpg, .jpeg, .png or .webp")
    }
    let sequences = images.subfolders.map { subfolder in
      Sequence(
        scene: subfolder.text.isEmpty ? "." : subfolder.text,
        frames: (images.files[subfolder] ?? []).map { .init(path: folder.appending(path: $0), source: $0) })
    }
    return try pairs(of: sequences, in: folder)
  }

  /// The pairs of some sequences, in the order of their first frames.
  ///
  /// - Parameter folder: what the sequences are from, for messages.
  /// - Throws: `Failure` of kind `badData` where no sequence is long enough.
  package func pairs(of sequences: [Sequence], in folder: String) throws -> [PairCandidate] {
    var pairs: [PairCandidate] = []
    var frame = 0
    for sequence in sequences {
      let frames = sequence.frames
      for first in frames.indices {
        for gap in draw(frame: frame, available: frames.count - 1 - first) {
          pairs.append(PairCandidate(frames[first], frames[first + gap], scene: sequence.scene))
        }
        frame += 1
      }
    }
    guard !pairs.isEmpty else {
      throw Failure(
        .badData, "No sequence of \(folder) has two frames that are \(gaps.lowerBound) to \(gaps.upperBound) apart.",
        hint: "Give smaller \(.minimumGap) and \(.maximumGap).")
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
