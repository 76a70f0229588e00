import Foundation
import Testing

/// Names in the documents are names in the code: a page that is left behind by a change fails here.
@Suite("Names in documents") struct NameTests {
  /// What no file of the project says, and why a document does.
  static let foreign: [String: String] = [
    "torch.mm": "a function of PyTorch",
    "PIL.ImageOps.exif_transpose": "a function of Pillow",
    "RUN/COMPLETED": "a file of a run",
    "RUN/best": "a link of a run",
    "crop_metadata.zip": "an archive of the CroCo authors",
    "datasets/crops": "a folder of the official repository",
    "datasets/habitat_sim": "a folder of the official repository",
    "im1L": "a file of the Middlebury collection",
    "pairs/matches.png": "what croco mine writes",
    "pairs/pairs.csv": "what croco mine writes",
  ]

  @Test("Every identifier, file and option in backticks exists", arguments: Repository.documents)
  func documents(path: String) throws {
    for span in Self.spans(of: try Repository.text(path)) where Self.foreign[span] == nil {
      if let complaint = Self.complaint(about: span, in: path) { Issue.record("\(path): \(complaint)") }
    }
  }

  @Test("Every ``link`` of a doc comment names something that exists")
  func links() throws {
    var count = 0
    for path in Repository.files(below: "Sources", endings: [".swift"]) {
      let parts = try Repository.text(path).components(separatedBy: "``")
      for link in stride(from: 1, to: parts.count, by: 2).map({ parts[$0] }) {
        let missing = Code.words(of: link).filter { !Code.words.contains($0) }
        #expect(missing.isEmpty, "\(path): ``\(link)``: there is no \(missing.joined(separator: ", "))")
        count += 1
      }
    }
    #expect(count > 20)
  }

  /// What stands in backticks, outside of code blocks.
  static func spans(of text: String) -> Set<String> {
    let lines = text.replacing(/```[\s\S]*?```/, with: "").split(separator: "\n", omittingEmptySubsequences: false)
    let prose = lines.filter { !$0.hasPrefix("    ") }.joined(separator: "\n")
    return Set(prose.matches(of: /`([^`]+)`/).map { String($0.1).replacing("\n", with: " ") })
  }

  /// What is wrong with a span that looks like an identifier, a path or an option; nil for anything else.
  static func complaint(about span: String, in document: String) -> String? {
    let isOwn = ["--", "croco ", "launch/", "bench "].contains(where: span.hasPrefix)
    for match in span.matches(of: /(?:^|[ \[(])--([a-z][a-z0-9-]*)/) where isOwn {
      if !Code.options.contains(String(match.1)) { return "`\(span)`: there is no option --\(match.1)" }
    }
    if let match = span.wholeMatch(of: /croco ([a-z]+)(?: .*)?/), !Code.commands.contains(String(match.1)) {
      return "`\(span)`: there is no command \(match.1)"
    }
    if span.wholeMatch(of: /[\w.+-]*(\/[\w.+-]+)+\/?|[\w.-]+\//) != nil, !span.hasPrefix("/") {
      let folder = (document as NSString).deletingLastPathComponent
      let places = ["", "Sources/", folder + "/"].map { $0 + span }
      return places.contains(where: Repository.exists) ? nil : "`\(span)`: there is no such file"
    }
    if let match = span.wholeMatch(of: /(\w+(?:\.\w+)*)(?:\(((?:\w+:)*)\))?(?: \{ \})?/), span.contains(/[A-Za-z]/) {
      let names = (match.1.split(separator: ".") + (match.2 ?? "").split(separator: ":")).map(String.init)
      if Code.files.contains(span) { return nil }
      let missing = names.filter { !Code.words.contains($0) }
      return missing.isEmpty ? nil : "`\(span)`: there is no \(missing.joined(separator: ", ")) in the code"
    }
    return nil
  }
}

/// What the code says.
enum Code {
  /// Every word of the sources, tests, scripts and configurations, and the names of their folders.
  static let words: Set<String> = Repository.code.reduce(into: []) { words, path in
    words.formUnion(Self.words(of: (try? Repository.text(path)) ?? ""))
    words.formUnion(path.split(separator: "/").map(String.init))
  }

  /// The words of a text: letters, digits and underscores.
  static func words(of text: String) -> Set<String> {
    Set(text.utf8.split { !isWord($0) }.map { String(Substring($0)) })
  }

  /// The names of files.
  static let files = Set(
    (Repository.code + Repository.documents).map { ($0 as NSString).lastPathComponent })

  /// Options of commands, which are declared as properties, and of scripts, which spell them.
  static let options: Set<String> = {
    var options = Set<String>()
    let folders = ["Sources/croco/", "launch/", "Benchmarks/"]
    for path in Repository.code where folders.contains(where: path.hasPrefix) {
      guard let text = try? Repository.text(path) else { continue }
      for match in text.matches(of: /--([a-z][a-z0-9-]*)/) { options.insert(String(match.1)) }
      guard path.hasPrefix("Sources/croco/") else { continue }
      for match in text.matches(of: /@(?:Option|Flag)[\s\S]*?var (\w+)/) {
        let words = String(match.1).replacing(/[A-Z]/) { "-" + $0.0.lowercased() }
        options.insert(words)
        options.insert("no-" + words)
      }
    }
    return options
  }()

  /// The commands of the command line, by their own names or by those of their types.
  static let commands: Set<String> = {
    var commands = Set<String>()
    for path in Repository.files(below: "Sources/croco", endings: [".swift"]) {
      guard let text = try? Repository.text(path) else { continue }
      for match in text.matches(of: /commandName: "([a-z]+)"/) { commands.insert(String(match.1)) }
      for match in text.matches(of: /struct (\w+?)(?:Command)?: (?:Async)?ParsableCommand/) {
        commands.insert(match.1.lowercased())
      }
    }
    return commands
  }()
}
