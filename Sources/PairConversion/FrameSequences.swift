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
  /// - Parameter log: receives lines about what is left out.
  /// - Throws: `Failure` of kind `noInput` or `badData` that names the folder.
  package func pairs(
    in folder: String, _ selection: ImageSelection = .colourImages, log: (String) -> Void = { _ in }
  ) throws -> [PairCandidate] {
    let images = try ImageFolder(folder, selection)
    images.report(to: log)
    let sequences = images.subfolders.map { subfolder in
      Sequence(
        scene: subfolder.text.isEmpty ? "." : subfolder.text,
        frames: (images.files[subfolder] ?? []).map { .init(path: folder.appending(path: $0), source: $0) })
    }
    return try pairs(of: sequences, in: folder, log: log)
  }

  /// The pairs of some sequences, in the order of their first frames.
  ///
  /// - Parameters:
  ///   - folder: what the sequences are from, for messages.
  ///   - log: receives a line about frames that no other is near enough to.
  /// - Throws: `Failure` of kind `badData` where no sequence is long enough.
  package func pairs(
    of sequences: [Sequence], in folder: String, log: (String) -> Void = { _ in }
  ) throws -> [PairCandidate] {
    var pairs: [PairCandidate] = []
    var unused = UnusedImages()
    var frame = 0
    for sequence in sequences {
      let frames = sequence.frames
      var isUsed = [Bool](repeating: false, count: frames.count)
      for first in frames.indices {
        for gap in draw(frame: frame, available: frames.count - 1 - first) {
          pairs.append(PairCandidate(frames[first], frames[first + gap], scene: sequence.scene))
          (isUsed[first], isUsed[first + gap]) = (true, true)
        }
        frame += 1
      }
      for (frame, isUsed) in zip(frames, isUsed) where !isUsed {
        unused.add(frame.source, because: "no frame of the sequence makes a pair with them")
      }
    }
    guard !pairs.isEmpty else {
      throw Failure(
        .badData, "No sequence of \(folder) has two frames that are \(gaps.lowerBound) to \(gaps.upperBound) apart.",
        hint: "Give smaller \(.minimumGap) and \(.maximumGap).")
    }
    unused.report(of: folder, to: log)
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
