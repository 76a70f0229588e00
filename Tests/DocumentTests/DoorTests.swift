import Foundation
import Testing

/// Rules of CONTRIBUTING.md that a program can check.
@Suite("Rules of the code") struct DoorTests {
  @Test("Nothing is public: no other package uses these modules")
  func nothingPublic() throws {
    for path in Repository.files(below: "Sources", endings: [".swift"]) {
      for line in try Repository.text(path).utf8.split(separator: UInt8(ascii: "\n")) {
        let words = String(Substring(line)).split(separator: " ", maxSplits: 2).prefix(2)
        let isPublic = words.contains("public") || words.first == "open" && words.last != "="
        #expect(!isPublic, "\(path): \(words.joined(separator: " ")) ...")
      }
    }
  }

  /// Whose functions may have more parameters, and why.
  static let manyParameters: [(folder: String, reason: String)] = [
    ("Sources/CGEMM/", "a product has sizes, strides and pointers of three matrices"),
    ("Sources/COneDNN/", "the same"),
    ("Sources/COpenBLAS/", "the same, in the words of CBLAS"),
    ("Sources/CTransformer/", "kernels in C take pointers and sizes one by one"),
  ]

  @Test("Functions have at most seven parameters and fewer than 60 lines")
  func sizes() throws {
    var count = 0
    for path in Repository.files(below: "Sources", endings: [".swift", ".c", ".h"]) {
      let mayHaveMany = Self.manyParameters.contains { path.hasPrefix($0.folder) }
      for function in SourceText(path, try Repository.text(path)).functions {
        let name = "\(path): \(function.name)"
        #expect(function.parameters <= 7 || mayHaveMany, "\(name) has \(function.parameters) parameters")
        #expect(function.lines < 60, "\(name) has \(function.lines) lines")
        count += 1
      }
    }
    #expect(count > 1500, "\(count) functions were found")
  }

  /// What only `Storage` does, and who else may, and why.
  static let storageOnly: [(words: String, others: [String])] = [
    ("EINTR", []), ("errno", []), ("O_RDONLY", []), ("JSONEncoder", []), ("+ \"/\" +", []),
    // The system's own files about the process and the processor.
    ("FileManager", ["Sources/Measurement/ProcessUsage.swift", "Sources/Measurement/BenchmarkMachine.swift"]),
  ]

  @Test("Files are read and written, paths joined and types encoded as JSON through Storage only")
  func storage() throws {
    for path in Repository.files(below: "Sources", endings: [".swift"]) where !path.hasPrefix("Sources/Storage/") {
      let lines = try Repository.text(path).split(separator: "\n").filter { !$0.contains("//") }
      for (words, others) in Self.storageOnly where !others.contains(path) {
        #expect(!lines.contains { $0.contains(words) }, "\(path) has \(words)")
      }
    }
  }
}
