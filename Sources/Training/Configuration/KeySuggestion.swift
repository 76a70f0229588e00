import Runtime

/// Which key or section somebody meant who wrote one that there is not; nil rather than a far-fetched one.
enum KeySuggestion {
  /// A key in parts: "model.encoder_dim" is in section "model" and has the words "encoder" and "dim".
  private struct Name {
    let path: String
    let section: String
    let words: [String]

    init(_ path: String) {
      self.path = path
      let parts = path.split(separator: ".").map { KeySuggestion.words(String($0)) }
      section = parts.dropLast().joined().joined(separator: "_")
      words = parts.last ?? []
    }

    var leaf: String { words.joined(separator: "_") }
    var letters: String { words.joined() }
    /// Section and leaf, as a set: `batch.size` has those of `batch.global_batch_size` but one.
    var allWords: Set<String> { Set(KeySuggestion.words(section) + words) }
  }

  private static let names = (ConfigurationSchema.entries.map(\.path) + [ConfigurationSchema.presetPath]).map(Name.init)

  /// The key that `path` was to be, section or not.
  static func key(for path: String) -> String? {
    let written = Name(path)
    guard !written.words.isEmpty else { return nil }
    let alias = KeyAliases.keys["\(written.section).\(written.leaf)"] ?? KeyAliases.keys[written.leaf]
    return elsewhere(written) ?? alias ?? misspelt(written) ?? abridged(written)
  }

  /// The section that `name` was to be.
  static func section(for name: String) -> String? {
    let written = words(name).joined(separator: "_")
    if let alias = KeyAliases.sections[written] { return alias }
    return ConfigurationSchema.sections.map { ($0, editDistance(written, $0)) }.filter { isNear($1, $0) }
      .min { $0.1 < $1.1 }?.0
  }

  /// The right name in a wrong section, or in none; where several sections have it, that which looks like the one written.
  private static func elsewhere(_ written: Name) -> String? {
    let same = names.filter { $0.letters == written.letters }
    if same.count == 1 { return same[0].path }
    let section = section(for: written.section) ?? written.section
    return same.first { $0.section == section }?.path
  }

  /// A slip of the keyboard, in the section written where there is a choice.
  private static func misspelt(_ written: Name) -> String? {
    func cost(_ name: Name) -> (Int, Int) {
      (editDistance(written.letters, name.letters), editDistance(written.section, name.section))
    }
    let near = names.filter { isNear(cost($0).0, $0.letters) }
    guard let best = near.min(by: { cost($0) < cost($1) }) else { return nil }
    // Of several sections with that name, none is meant unless one is written.
    let rivals = near.filter { cost($0).0 == cost(best).0 }
    return rivals.count == 1 || isNear(cost(best).1, best.section) ? best.path : nil
  }

  /// Some words of a longer name.
  private static func abridged(_ written: Name) -> String? {
    func share(_ name: Name) -> Double {
      Double(written.allWords.intersection(name.allWords).count) / Double(written.allWords.union(name.allWords).count)
    }
    let candidates = names.filter { $0.allWords.isSuperset(of: written.words) && share($0) >= 0.5 }
    let best = candidates.map(share).max()
    let chosen = candidates.filter { share($0) == best }
    return chosen.count == 1 ? chosen[0].path : nil
  }

  /// Whether so many slips are few for a word.
  private static func isNear(_ distance: Int, _ word: String) -> Bool {
    distance <= (word.count <= 3 ? 0 : max(1, word.count / 4))
  }

  /// Words of small letters: "batchSize", "batch-size" and "batch_size" have the same.
  private static func words(_ text: String) -> [String] {
    var spaced = ""
    for character in text {
      if character.isUppercase, spaced.last?.isLowercase ?? false { spaced += "_" }
      spaced += character.lowercased()
    }
    return spaced.split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }
}
