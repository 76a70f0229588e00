import Foundation
import Storage

/// Short names of scenes: each is called by its first image, without suffix and with as many folders as tell it from the others.
package struct SceneNames {
  private let names: [ExactText: String]

  /// - Parameter scenes: the absolute paths of the scenes' first images; equal ones are one scene.
  package init(_ scenes: some Sequence<String>) {
    var names: [ExactText: String] = [:]
    var unnamed = Set(scenes.map { ExactText($0) })
    var depth = 1
    while !unnamed.isEmpty {
      let ends = Dictionary(grouping: unnamed) { ExactText(Self.end(of: $0.text, depth)) }
      for (end, same) in ends where same.count == 1 { names[same[0]] = end.text }
      unnamed = unnamed.filter { names[$0] == nil }
      // Files that differ in their suffixes only.
      if unnamed.allSatisfy({ $0.text.split(separator: "/").count <= depth }) {
        for scene in unnamed { names[scene] = scene.text }
        break
      }
      depth += 1
    }
    self.names = names
  }

  /// The name of a scene.
  package func name(of scene: String) -> String { names[ExactText(scene)] ?? scene }

  private static func end(of path: String, _ depth: Int) -> String {
    (path.split(separator: "/").suffix(depth).joined(separator: "/") as NSString).deletingPathExtension
  }
}
