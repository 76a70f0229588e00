import Foundation
import Testing

/// The arrows between modules: what files import, what ARCHITECTURE.md says, and what Package.swift declares are the same.
@Suite("Imports") struct ImportTests {
  @Test("Modules import what the table in ARCHITECTURE.md says, no more and no less")
  func table() throws {
    let table = try architectureTable()
    let modules = Repository.folders(in: "Sources")
    for module in modules {
      let row = try #require(table[module], "ARCHITECTURE.md has no row for \(module)")
      let imports = try imports(of: module, below: "Sources/\(module)")
      #expect(row == imports, "\(module) imports \(imports.sorted()), its row says \(row.sorted())")
    }
    for name in table.keys {
      #expect(modules.contains(name), "ARCHITECTURE.md has a row for \(name), which is no module")
    }
  }

  @Test("Package.swift declares what files import, no more and no less")
  func package() throws {
    for target in try packageTargets() {
      let folder = try #require(
        [target.path ?? "", "Sources/\(target.name)", "Tests/\(target.name)"].first {
          Repository.exists($0) && $0 != ""
        })
      // Programs that tests start are declared so that they are built.
      let programs: Set = ["croco", "collectives-check", "death-check"]
      let imports = try imports(of: target.name, below: folder)
      #expect(
        target.dependencies.subtracting(programs) == imports.subtracting(programs),
        "\(target.name) imports \(imports.sorted()) and declares \(target.dependencies.sorted())")
    }
  }

  @Test("A C library is imported by one module")
  func libraries() throws {
    let libraries = Repository.folders(in: "Sources").filter { Repository.exists("Sources/\($0)/module.modulemap") }
    #expect(libraries.count >= 6)
    for library in libraries + ["COneDNN", "CGEMM"] {
      let users = try Repository.folders(in: "Sources").filter {
        try imports(of: $0, below: "Sources/\($0)").contains(library)
      }
      #expect(users.count == 1, "\(library) is imported by \(users)")
    }
  }

  @Test("Arrows go downwards: no cycle")
  func cycles() throws {
    var left = try Repository.folders(in: "Sources").reduce(into: [String: Set<String>]()) { left, module in
      left[module] = try imports(of: module, below: "Sources/\(module)")
    }
    while let next = left.first(where: { $0.value.allSatisfy { left[$0] == nil } }) { left[next.key] = nil }
    #expect(left.isEmpty, "these modules import each other: \(left.keys.sorted())")
  }

  /// The rows `| `A` `B` | job | imports |` of the first table with a column "imports": names separated by commas.
  private func architectureTable() throws -> [String: Set<String>] {
    let lines = try Repository.text("ARCHITECTURE.md").split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { cells($0).last == "imports" }, "no table with a column \"imports\"")
    var table: [String: Set<String>] = [:]
    for line in lines[(start + 2)...].prefix(while: { $0.hasPrefix("|") }) {
      let cells = cells(line)
      let imports = cells.last!.split(separator: ",").map { $0.trimmingCharacters(in: [" ", "`"]) }
      for module in cells[0].split(whereSeparator: { " ,`".contains($0) }) { table[String(module)] = Set(imports) }
    }
    return table
  }

  private func cells(_ line: Substring) -> [String] {
    line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
      .map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// The project's own modules, and those of packages, that files below a folder import or include.
  private func imports(of module: String, below folder: String) throws -> Set<String> {
    var found: Set<String> = []
    for path in Repository.files(below: folder, endings: [".swift"]) {
      for line in try Repository.text(path).utf8.split(separator: UInt8(ascii: "\n")) {
        let words = String(Substring(line)).split(separator: " ")
        guard let place = words.prefix(3).firstIndex(of: "import"), place + 1 < words.count, words[0] != "//" else {
          continue
        }
        let isScoped = ["struct", "func", "class", "enum", "protocol"].contains(words[place + 1])
        let name = words[min(place + (isScoped ? 2 : 1), words.count - 1)].prefix { $0 != "." }
        if Self.modules.contains(String(name)) { found.insert(String(name)) }
      }
    }
    for path in Repository.files(below: folder, endings: [".c", ".h"]) {
      let beside = (path as NSString).deletingLastPathComponent
      for line in try Repository.text(path).split(separator: "\n") where line.hasPrefix("#include ") {
        if let library = Self.libraryHeaders[String(line.dropFirst(9))] { found.insert(library) }
        guard line.hasPrefix("#include \"") else { continue }
        let header = (String(line.split(separator: "\"")[1]) as NSString).lastPathComponent
        if !Repository.exists("\(beside)/\(header)"), let owner = Self.headers[header] { found.insert(owner) }
      }
    }
    found.remove(module)
    return found
  }

  /// By what C targets reach a C library.
  private static let libraryHeaders = ["<jpeglib.h>": "CLibJPEG"]

  /// Everything that can be imported but the system's modules.
  private static let modules = Set(
    Repository.folders(in: "Sources")
      + ["TestSupport", "DataFixtures", "RunFixtures", "ArgumentParser", "Yams"])

  /// The C target of each public header.
  private static let headers = Repository.folders(in: "Sources").reduce(into: [String: String]()) { headers, owner in
    for path in Repository.files(below: "Sources/\(owner)/include", endings: [".h"]) {
      headers[(path as NSString).lastPathComponent] = owner
    }
  }

  private struct Target {
    let name: String
    let path: String?
    let dependencies: Set<String>
  }

  /// The targets of Package.swift, read as text: `swift package` would wait for the build that runs these tests.
  private func packageTargets() throws -> [Target] {
    let text = try Repository.text("Package.swift").replacing(/\/\/[^\n]*/, with: "")
    let pattern = /\.(target|executableTarget|testTarget|systemLibrary)\(\s*name: "([^"]+)"/
    let matches = Array(text.matches(of: pattern))
    #expect(matches.count > 20)
    return matches.enumerated().map { index, match in
      let end = index + 1 < matches.count ? matches[index + 1].range.lowerBound : text.endIndex
      let body = text[match.range.upperBound..<end]
      var dependencies: Set<String> = []
      if let start = body.firstRange(of: "dependencies: ["), let close = body[start.upperBound...].firstIndex(of: "]") {
        let list = body[start.upperBound..<close].replacing(/, package: "[^"]+"/, with: "")
        dependencies = Set(list.matches(of: /"([^"]+)"/).map { String($0.1) })
      }
      let path = body.firstMatch(of: /path: "([^"]+)"/).map { String($0.1) }
      return Target(name: String(match.2), path: path, dependencies: dependencies)
    }
  }
}
