import Foundation

/// The checkout that these tests were built from.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The text of a file, by its path from the root.
  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// The files below a folder whose names end like one of `endings`, by their paths from the root, sorted.
  static func files(below folder: String, endings: [String]) -> [String] {
    let base = root.appendingPathComponent(folder)
    let paths = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
    return paths.map { "\(folder)/\($0)" }
      .filter { path in !path.contains(".build/") && endings.contains { path.hasSuffix($0) } }.sorted()
  }

  /// The names of the folders in a folder, sorted.
  static func folders(in folder: String) -> [String] {
    let base = root.appendingPathComponent(folder)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: base.path)) ?? []
    return names.filter { name in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: base.appendingPathComponent(name).path, isDirectory: &isFolder)
        && isFolder.boolValue && !name.hasPrefix(".")
    }.sorted()
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
  }

  /// The documents: every page that is written for people.
  static let documents: [String] =
    ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md"]
    + files(below: "datasets", endings: [".md"]) + files(below: "Benchmarks", endings: [".md"])

  /// Everything that is run or compiled: sources, tests, scripts, configurations.
  static let code: [String] =
    ["Package.swift", ".ci/run"] + files(below: "Sources", endings: [".swift", ".c", ".h", ".modulemap"])
    + files(below: "Tests", endings: [".swift", ".json"]).filter { !$0.hasPrefix("Tests/DocumentTests/") }
    + files(below: "Benchmarks", endings: [".swift", ".py", ".c", "/compare", "/time_to_quality"])
    + files(below: "configs", endings: [".yaml"]) + files(below: "launch", endings: [""])
}
