import Storage

/// The numbers that the system tells in a file of text: lines "Name:  12 kB" or "name 12"; none where there is no such file.
struct SystemNumbers {
  /// By name, without the colon.
  private(set) var values: [String: Int] = [:]

  /// Reads a file whose numbers count so many bytes each.
  init(_ path: String, unit: Int) {
    for line in Self.lines(path) {
      let words = line.split { $0 == " " || $0 == ":" || $0 == "\t" }
      if words.count >= 2, let number = Int(words[1]) { values[String(words[0])] = number * unit }
    }
  }

  /// The lines of such a file.
  static func lines(_ path: String) -> [Substring] {
    String(decoding: (try? File.contents(of: path)) ?? [], as: UTF8.self).split(separator: "\n")
  }
}
