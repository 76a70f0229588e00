import Foundation
import PairData
import Runtime
import Storage

/// Takes frames out of videos, as PNG files: each video becomes a folder, that is a scene.
package struct VideoFrames {
  /// What frames show.
  let layout: FilmLayout
  /// Which frames are taken.
  let selection: FrameSelection
  /// To which size frames are brought at once, so that little is stored; nil: they stay as they are.
  package let preparation: ImagePreparation?
  /// The number of threads.
  package let threadCount: Int
  /// Whether videos that cannot be read are left out instead of being an error.
  let skipsBadFiles: Bool
  /// Whether videos that ffmpeg complains of, or that are shorter than their header says, count as bad files.
  let isStrict: Bool

  private let program: String

  /// A reader of videos.
  ///
  /// - Parameter path: the folders in which `ffmpeg` is looked for, separated by colons; nil: those of `PATH`.
  /// - Throws: `Failure` of kind `noInput` where ffmpeg is not installed.
  package init(
    selection: FrameSelection, layout: FilmLayout = .single, preparation: ImagePreparation? = nil, threadCount: Int = 1,
    skipsBadFiles: Bool = false,
    isStrict: Bool = false, path: String? = nil
  ) throws {
    self.selection = selection
    self.layout = layout
    self.preparation = preparation
    self.threadCount = threadCount
    self.skipsBadFiles = skipsBadFiles
    self.isStrict = isStrict
    let folders = (path ?? ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let programs: [String] = folders.map { "\($0)/ffmpeg" }
    guard let program = programs.first(where: { FileSystem.isExecutable($0) }) else {
      throw Failure(
        .noInput, "Videos are read through ffmpeg, which is not installed: no folder of PATH holds it.",
        hint: "Install it (apt-get install ffmpeg, dnf install ffmpeg-free, brew install ffmpeg), or extract frames"
          + " elsewhere and use \(.frameConversion).")
    }
    self.program = program
  }

  /// Writes the frames of videos into `folder`, which must be empty or new.
  ///
  /// - Parameters:
  ///   - sources: video files, and folders of videos.
  ///   - names: which files of the folders are taken.
  ///   - subfolder: a folder of it for these videos, which their names in the data set begin with.
  ///   - log: receives a line for every video, and a warning for each that is damaged.
  /// - Returns: the frames of each video, in the order of sources and names; of films with two views a frame, left and right in turn.
  /// - Throws: `Failure` of kind `noInput`, `badData` or `inputOutput` that names the video or the folder.
  package func extract(
    _ sources: [String], _ names: ImageSelection = .all, to root: String, below subfolder: String = "",
    log: (String) -> Void = { _ in }
  ) throws -> [FrameSequences.Sequence] {
    let list = try VideoList(sources, names)
    list.report(to: log)
    let videos = list.videos
    let folder = subfolder.isEmpty ? root : root.appending(path: subfolder)
    try OutputFolder.claim(folder)
    let pool = WorkerPool(workerCount: threadCount)
    var sequences: [FrameSequences.Sequence] = []
    var frameCount = 0
    for (index, video) in videos.enumerated() {
      do {
        let (frames, damage) = try extract(video, to: folder, firstNumber: frameCount, pool)
        if let damage { log("warning: \(damage)") }
        frameCount += frames.count
        let named = frames.map { PairCandidate.View(path: $0.path, source: subfolder.appending(path: $0.source)) }
        sequences.append(.init(scene: video.name, frames: named))
        log("video \(index + 1) of \(videos.count), \(video.path): \(frames.count / layout.suffixes.count) frames")
      } catch let failure as Failure where failure.kind == .badData && skipsBadFiles {
        // Half a video must not look like a whole one to whoever reads the frames.
        try? FileSystem.removeTree(folder.appending(path: video.name))
        log("bad file: \(failure)")
      }
    }
    guard !sequences.isEmpty else {
      throw Failure(.badData, "None of the \(videos.count) videos can be read.", hint: "The lines above say why.")
    }
    return sequences
  }

  private func extract(
    _ video: VideoList.Video, to folder: String, firstNumber: Int, _ pool: WorkerPool
  ) throws -> (frames: [PairCandidate.View], damage: String?) {
    let target = folder.appending(path: video.name)
    try FileSystem.createFolder(target)
    let promise = VideoPromise(video.path, program: probe, scratch: target.appending(path: "ffprobe.log"))
    let stream = try VideoStream(
      video.path, selection, program: program, errorFile: target.appending(path: "ffmpeg.log"))
    var views: [PairCandidate.View] = []
    while true {
      var batch: [RGBImage] = []
      while batch.count < threadCount, let frame = try stream.next() { batch.append(frame) }
      guard !batch.isEmpty else { break }
      let first = views.count
      for index in batch.indices {
        let number = String(first / layout.suffixes.count + index + 1)
        let digits = String(repeating: "0", count: max(0, 6 - number.count)) + number
        for suffix in layout.suffixes {
          let name = "\(video.name)/\(digits)\(suffix).png"
          views.append(.init(path: folder.appending(path: name), source: name))
        }
      }
      let written = Array(views[first...])
      try write(batch.flatMap(layout.views), to: written, firstNumber: firstNumber + first, pool)
    }
    guard !views.isEmpty else {
      throw Failure(.badData, "\(video.path) holds no frame.", hint: "Give a higher \(.frameRate).")
    }
    let damage = damage(
      of: video.path, stream.complaint, frames: views.count / layout.suffixes.count,
      promised: promise.frameCount(selection))
    if isStrict, let damage {
      throw Failure(
        .badData, "\(damage).", hint: "Play it to see whether it is whole, or leave it out with \(.skippingBadFiles).")
    }
    return (views, damage)
  }

  /// A sentence on a video that was not read whole, or nil.
  private func damage(of video: String, _ complaint: String?, frames: Int, promised: Int?) -> String? {
    // Durations are rounded, and frame rates vary a little.
    let isShort = promised.map { Double(frames) < 0.95 * Double($0) - 2 } ?? false
    guard complaint != nil || isShort else { return nil }
    let said = complaint.map { "; ffmpeg says: \($0)" } ?? ""
    let header = promised.map { "of about \($0) that its header promises" } ?? "(its header does not say how many)"
    return "\(video) is damaged or cut off: \(frames) frames were taken \(header)\(said)"
  }

  /// ffprobe, which comes with ffmpeg.
  private var probe: String { (program as NSString).deletingLastPathComponent.appending(path: "ffprobe") }

  private func write(
    _ frames: [RGBImage], to views: [PairCandidate.View], firstNumber: Int, _ pool: WorkerPool
  ) throws {
    let results = pool.map(frames.count) { task, _ in
      let view = views[task]
      let frame =
        try preparation?.apply(to: frames[task], number: firstNumber + task, name: view.source) ?? frames[task]
      let file = try File(view.path, .writing)
      try file.write(PNGCodec.encode(frame))
      try file.close()
    }
    for result in results { try result.get() }
  }
}
