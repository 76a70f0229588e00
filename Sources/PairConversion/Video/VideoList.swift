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

  private static let suffixes: Set<String> = [
    "3gp", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ogv", "ts", "webm", "wmv",
  ]

  init(_ sources: [String]) throws {
    for source in sources {
      guard FileSystem.exists(source) else {
        throw Failure(.noInput, "Cannot read \(source).", hint: "Give video files, or folders of videos.")
      }
      if FileSystem.isFolder(source) {
        try list(source)
      } else {
        videos.append(Video(path: source, name: Self.name((source as NSString).lastPathComponent)))
      }
    }
    for (name, same) in Dictionary(grouping: videos, by: \.name).sorted(by: { $0.key < $1.key }) where same.count > 1 {
      throw Failure(
        .usage, "Two videos have the name \(name): \(same[0].path) and \(same[1].path).", hint: "Rename one.")
    }
  }

  private mutating func list(_ folder: String) throws {
    let names = try FileSystem.paths(below: folder).filter {
      Self.suffixes.contains(($0 as NSString).pathExtension.lowercased())
        && !$0.split(separator: "/").contains { $0.hasPrefix(".") }
    }
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
