import Runtime
import Storage

/// Stereo pairs of videos: what two cameras saw at the same moment.
package enum StereoVideo {
  /// Whether a path is a video, or a folder that holds videos and no images.
  package static func isPresent(at path: String) -> Bool {
    guard FileSystem.isFolder(path) else { return VideoList.isVideo(path) }
    let files = (try? FolderWalk(path))?.folders.flatMap(\.files) ?? []
    return files.contains(where: VideoList.isVideo) && !files.contains(where: ImageFolder.isImage)
  }

  /// The frames at the same places of left and right videos, which belong together by their names, or are the only ones.
  ///
  /// - Parameters:
  ///   - skipsIncomplete: whether videos without a counterpart are left out instead of being an error.
  ///   - log: receives a line about what is left out.
  /// - Throws: `Failure` of kind `badData` that names a video without a counterpart.
  package static func pairs(
    left: [FrameSequences.Sequence], right: [FrameSequences.Sequence], skipsIncomplete: Bool = false,
    log: (String) -> Void = { _ in }
  ) throws -> [PairCandidate] {
    let isOnly = left.count == 1 && right.count == 1
    let partners = Dictionary(right.map { (ExactText($0.scene), $0) }) { first, _ in first }
    let names = Set(left.map { ExactText($0.scene) })
    let lonely =
      left.filter { partners[ExactText($0.scene)] == nil } + right.filter { !names.contains(ExactText($0.scene)) }
    if !isOnly, let first = lonely.first {
      let sentence =
        "\(lonely.count) of the videos have no counterpart of the same name for the other eye, such as \(first.scene)"
      guard skipsIncomplete else {
        throw Failure(
          .badData, sentence + ".",
          hint: "Name the two videos of a scene alike, or leave it out (\(.skippingBadFiles)).")
      }
      log(sentence + "; they are left out")
    }
    return left.flatMap { video -> [PairCandidate] in
      guard let other = isOnly ? right[0] : partners[ExactText(video.scene)] else { return [] }
      if video.frames.count != other.frames.count {
        log(
          "\(video.scene): \(video.frames.count) frames of the left eye, \(other.frames.count) of the right one; those at the end"
            + " of the longer video are left out")
      }
      return zip(video.frames, other.frames).map { PairCandidate($0, $1, scene: video.scene) }
    }
  }

  /// The two views of each frame of films, whose sequences have them one after the other.
  package static func pairs(ofFilms films: [FrameSequences.Sequence]) -> [PairCandidate] {
    films.flatMap { film in
      stride(from: 0, to: film.frames.count - 1, by: 2).map {
        PairCandidate(film.frames[$0], film.frames[$0 + 1], scene: film.scene)
      }
    }
  }
}
