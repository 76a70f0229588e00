import CroCoModel
import Foundation
import Runtime
import Storage
internal import Yams

/// Reads a YAML configuration by walking its node tree, so that every error names file, line and key.
package struct ConfigurationReader {
  /// A value in the text, and where it stands.
  private struct Setting {
    let node: Node
    let place: String
  }

  private let name: String
  private let overrideName: String
  private var settings: [String: Setting] = [:]

  /// Reads the file at `path` and applies `overrides` of the form "section.key=value".
  ///
  /// - Parameter overrideName: stands before an override in messages, such as the flag that gave it.
  /// - Throws: `Failure` of kind `noInput` (cannot be read) or `configuration` (file, line, key, nearest valid key).
  package static func read(
    path: String, overrides: [String] = [], overrideName: String = "override"
  ) throws(Failure) -> TrainingConfiguration {
    if FileSystem.isFolder(path) {
      throw Failure(.noInput, "\(path) is a folder, not a configuration.", hint: "Name a YAML file, as in configs/.")
    }
    // A pipe will do as well as a file.
    guard let text = String(validating: try File(path, .reading).readToEnd(), as: UTF8.self) else {
      throw Failure(.configuration, "\(path) is not a YAML text in UTF-8.")
    }
    return try parse(text, name: path, overrides: overrides, overrideName: overrideName)
  }

  /// Reads YAML text; `name` stands for the file in messages.
  ///
  /// - Throws: `Failure` of kind `configuration`.
  package static func parse(
    _ text: String, name: String, overrides: [String] = [], overrideName: String = "override"
  ) throws(Failure) -> TrainingConfiguration {
    var reader = ConfigurationReader(name: name, overrideName: overrideName)
    try reader.collect(try reader.compose(text))
    for override in overrides { try reader.apply(override) }
    return try reader.configuration()
  }

  private init(name: String, overrideName: String) { (self.name, self.overrideName) = (name, overrideName) }

  private func compose(_ text: String) throws(Failure) -> Node? {
    do {
      return try Yams.compose(yaml: text)
    } catch {
      let reason = "\(error)".split(separator: "\n").joined(separator: " ")
      throw Failure(.configuration, "\(name) is not valid YAML: \(reason)")
    }
  }

  // MARK: Collecting settings

  private mutating func collect(_ root: Node?) throws(Failure) {
    guard let root, !root.isNull else { return }
    guard let mapping = root.mapping else {
      throw Failure(.configuration, "\(place(of: root)): expected keys with values, found \(root.found).")
    }
    for (key, value) in mapping {
      let keyName = key.scalar?.string ?? key.found
      guard ConfigurationSchema.sections.contains(keyName) else {
        if value.mapping != nil { throw unknownSection(keyName, place(of: key)) }
        try record(keyName, value, place(of: key))
        continue
      }
      if value.isNull { continue }
      guard let section = value.mapping else {
        throw Failure(
          .configuration, "\(place(of: value)): expected the keys of section \(keyName), found \(value.found).")
      }
      for (key, value) in section {
        try record("\(keyName).\(key.scalar?.string ?? key.found)", value, place(of: key))
      }
    }
  }

  private func unknownSection(_ name: String, _ place: String) -> Failure {
    let sections = ConfigurationSchema.sections.joined(separator: ", ")
    return Failure(
      .configuration, "\(place): unknown section \(name).",
      hint: KeySuggestion.section(for: name).map { "Did you mean \($0)?" } ?? "The sections are \(sections).")
  }

  private mutating func record(_ path: String, _ node: Node, _ place: String) throws(Failure) {
    guard Self.isKey(path) else {
      throw Failure(
        .configuration, "\(place): unknown key \(path).",
        hint: KeySuggestion.key(for: path).map { "Did you mean \($0)?" } ?? "See all keys with \(.keyListing).")
    }
    settings[path] = Setting(node: node, place: place)
  }

  private mutating func apply(_ override: String) throws(Failure) {
    let place = "\(overrideName) \(override)"
    guard let equals = override.firstIndex(of: "=") else {
      throw Failure(
        .configuration, "\(place): expected key=value.", hint: "Example: \(.override) batch.global_batch_size=64")
    }
    let path = String(override[..<equals]).trimmingCharacters(in: .whitespaces)
    let text = String(override[override.index(after: equals)...])
    let node: Node
    do {
      node = try Yams.compose(yaml: text) ?? Node("", Tag(.null))
    } catch {
      throw Failure(.configuration, "\(place): the value is not valid YAML.")
    }
    try record(path, node, place)
    for (first, second) in ConfigurationSchema.alternatives where !node.isNull {
      if path == first { settings[second] = nil }
      if path == second { settings[first] = nil }
    }
  }

  private func place(of node: Node) -> String { node.line.map { "\(name):\($0)" } ?? name }

  private static func isKey(_ path: String) -> Bool {
    path == ConfigurationSchema.presetPath || ConfigurationSchema.entries.contains { $0.path == path }
  }

  // MARK: From settings to values

  private func configuration() throws(Failure) -> TrainingConfiguration {
    var result = TrainingConfiguration()
    if let preset = settings[ConfigurationSchema.presetPath], !preset.node.isNull {
      let text = preset.node.scalar?.string ?? ""
      guard let model = ModelConfiguration.preset(text) else {
        let names = ModelConfiguration.presetNames.joined(separator: ", ")
        throw Failure(
          .configuration, "\(preset.place): model.preset: expected one of \(names), found \(preset.node.found).")
      }
      result.model = model
    }
    for entry in ConfigurationSchema.entries {
      guard let setting = settings[entry.path] else { continue }
      guard entry.assign(setting.node, &result) else {
        throw Failure(
          .configuration, "\(setting.place): \(entry.path): expected \(entry.expectation), found \(setting.node.found)."
        )
      }
    }
    try settleAlternatives(&result)
    if let (path, sentence) = result.problem {
      throw Failure(.configuration, "\(settings[path]?.place ?? name): \(path): \(sentence).")
    }
    return result
  }

  /// Setting one of two alternatives clears the default of the other; setting both is an error.
  private func settleAlternatives(_ result: inout TrainingConfiguration) throws(Failure) {
    for (first, second) in ConfigurationSchema.alternatives {
      let isFirst = settings[first].map { !$0.node.isNull } ?? false
      guard let other = settings[second], !other.node.isNull else { continue }
      if isFirst { throw Failure(.configuration, "\(other.place): \(second): \(first) is set as well; leave one out.") }
      let null = Node("", Tag(.null))
      for entry in ConfigurationSchema.entries where entry.path == first { _ = entry.assign(null, &result) }
    }
  }
}
