import Foundation
import PairData
import Runtime
import Storage

/// The videos of some files and folders, with distinct names.
struct VideoList {
  struct Video: Equatable {
    let path: String
    /// The video's path within its source, without the suffix: its scene.
    let name: String
  }

  private(set) var videos: [Video] = []
  private var unused: [(folder: String, videos: UnusedImages)] = []
  private var walks: [FolderWalk] = []

  private static let suffixes: Set<String> = [
    "3gp", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ogv", "ts", "webm", "wmv",
  ]

  /// Whether a path is named like a video.
  static func isVideo(_ path: String) -> Bool { suffixes.contains((path as NSString).pathExtension.lowercased()) }

  /// The videos of files and folders; of folders those that a selection takes.
  init(_ sources: [String], _ selection: ImageSelection = .all) throws {
    for source in sources {
      guard FileSystem.exists(source) else {
        throw Failure(.noInput, "Cannot read \(source).", hint: "Give video files, or folders of videos.")
      }
      if FileSystem.isFolder(source) {
        try list(source, selection)
      } else {
        videos.append(Video(path: source, name: Self.name((source as NSString).lastPathComponent)))
      }
    }
    let names = Dictionary(grouping: videos) { ExactText($0.name) }
    // a.mp4 and a.mkv keep their suffixes.
    videos = videos.map { video in
      guard names[ExactText(video.name), default: []].count > 1 else { return video }
      return Video(path: video.path, name: video.name + "." + (video.path as NSString).pathExtension)
    }
    for (name, same) in Dictionary(grouping: videos, by: { ExactText($0.name) }).sorted(by: {
      $0.key.text < $1.key.text
    })
    where same.count > 1 {
      throw Failure(
        .usage, "Two videos have the name \(name.text): \(same[0].path) and \(same[1].path).", hint: "Rename one.")
    }
  }

  /// Logs what was seen and left out.
  func report(to log: (String) -> Void) {
    for (folder, videos) in unused { videos.report(of: folder, to: log) }
    for walk in walks { walk.report(to: log) }
  }

  private mutating func list(_ folder: String, _ selection: ImageSelection) throws {
    let walk = try FolderWalk(folder)
    walks.append(walk)
    var names: [String] = []
    var unused = UnusedImages(noun: "video")
    for file in walk.folders.flatMap(\.files)
    where Self.isVideo(file) {
      if let reason = selection.reason(against: file) { unused.add(file, because: reason) } else { names.append(file) }
    }
    self.unused.append((folder, unused))
    guard !names.isEmpty else {
      throw Failure(
        .badData, "\(folder) holds no videos: no file in it is named like one (.mp4, .mov, .mkv, .avi, .webm, ...).",
        hint: "Give the files themselves, or the folder that holds them.")
    }
    videos += names.sorted(by: NaturalOrder.precedes).map {
      Video(path: folder.appending(path: $0), name: Self.name($0))
    }
  }

  private static func name(_ path: String) -> String { (path as NSString).deletingPathExtension }
}
