import Foundation
import Testing

/// Libraries call settings by plain names, which the command line turns into flags, keys and commands.
@Suite struct AdviceTermsTests {
  /// The lines of code of every library, without comments.
  private static func libraryLines() throws -> [(place: String, line: String)] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources")
    var lines: [(String, String)] = []
    for name in try FileManager.default.subpathsOfDirectory(atPath: root.path)
    where name.hasSuffix(".swift") && !name.hasPrefix("croco/") {
      let text = try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
      for line in text.split(separator: "\n") where !line.drop(while: \.isWhitespace).hasPrefix("//") {
        lines.append((name, String(line)))
      }
    }
    return lines
  }

  @Test("The command line has a name for each term")
  func named() throws {
    let table = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources/croco/CommandLineTerms.swift")
    let names = try String(contentsOf: table, encoding: .utf8)
    var count = 0
    for (place, line) in try Self.libraryLines() {
      for term in line.matches(of: /(\w+) = Advice\.Term\("/) {
        count += 1
        #expect(names.contains(".\(term.1): \""), "\(term.1) of \(place)")
      }
    }
    #expect(count > 30)
  }

  @Test("Libraries name no flag and no command of croco; those of other programs they may")
  func flags() throws {
    let ours =
      #/"[^"]*(?:\s--[a-z]|croco (?:bench|convert|dump|evaluate|inspect|merge|mine|report|split|synthesize|train))/#
    for (place, line) in try Self.libraryLines() where line.contains(ours) {
      #expect(line.contains(/mpirun|srun|colmap/), "\(place): \(line)")
    }
  }
}
