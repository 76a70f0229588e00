import Foundation
import Testing
import Training

/// Configuration keys in the documents and configurations are keys of the schema.
@Suite("Configuration keys in documents") struct KeyTests {
  static let keys = Set(ConfigurationSchema.entries.map(\.path) + [ConfigurationSchema.presetPath])

  @Test("Every section.key in a document, script or configuration is in the schema")
  func qualified() throws {
    let sections = ConfigurationSchema.sections.joined(separator: "|")
    let pattern = try Regex("(?:^|[^\\w./-])((?:\(sections))\\.([a-z_]+))\\b(?!\\()")
    var found = 0
    for path in texts {
      for match in try Repository.text(path).matches(of: pattern) {
        let (key, leaf) = (String(match.output[1].substring!), String(match.output[2].substring!))
        if Self.fileEndings.contains(leaf) { continue }
        #expect(Self.keys.contains(key), "\(path): there is no key \(key)")
        found += 1
      }
    }
    #expect(found > 30)
  }

  @Test("Every key that --set is shown with is in the schema")
  func set() throws {
    for path in texts {
      for match in try Repository.text(path).matches(of: /--set "?([a-z_.]+)=/) where match.1 != "key" {
        #expect(Self.keys.contains(String(match.1)), "\(path): --set \(match.1): there is no such key")
      }
    }
  }

  @Test("Every `key: value` in a document is a key of the schema with its value", arguments: Repository.documents)
  func values(path: String) throws {
    let leaves = Set(ConfigurationSchema.entries.map(\.leaf))
    for span in NameTests.spans(of: try Repository.text(path)) {
      guard let match = span.wholeMatch(of: /([a-z_]+\.)?([a-z_]+): [\w.]+/) else { continue }
      #expect(leaves.contains(String(match.2)), "\(path): `\(span)`: there is no key \(match.2)")
    }
  }

  private static let fileEndings: Set = [
    "md", "json", "jsonl", "safetensors", "yaml", "html", "h5", "txt", "csv", "png",
  ]

  private var texts: [String] {
    Repository.documents + Repository.files(below: "configs", endings: [".yaml"])
      + Repository.files(below: "launch", endings: [""]).filter { !$0.hasSuffix(".png") }
  }
}
