/// What the name of a column says, by its words: `image_path1`, `img0 path`, `leftImage` and `query` are all names of views.
struct ColumnName {
  /// The name as the list has it.
  let name: String
  private let words: [String]

  /// The words that tell view 1 from view 2. `reference` is view 2, as in CroCo; of other words the usual first one is view 1.
  static let sides: [(view1: String, view2: String)] = [
    ("0", "1"), ("1", "2"), ("a", "b"), ("i", "j"), ("l", "r"), ("left", "right"), ("first", "second"), ("one", "two"),
    ("query", "reference"), ("query", "ref"), ("query", "database"), ("query", "db"), ("query", "gallery"),
    ("query", "train"), ("target", "reference"), ("target", "ref"), ("source", "target"), ("source", "reference"),
    ("src", "tgt"), ("src", "dst"), ("src", "ref"), ("anchor", "positive"), ("from", "to"), ("previous", "next"),
    ("prev", "next"), ("current", "next"),
  ]

  /// Words for a view and its file.
  private static let nouns: Set<String> = [
    "view", "image", "images", "img", "im", "picture", "pic", "photo", "frame", "file", "files", "path", "name",
    "fname",
    "rgb", "color", "colour", "camera", "cam",
  ]

  private static let sceneWords: Set<String> = ["scene", "sequence", "seq", "group", "place"]
  private static let overlapWords: Set<String> = ["overlap", "covisibility"]
  /// What may stand beside these.
  private static let additions: Set<String> = ["id", "name", "number", "score", "ratio", "share"]

  /// Words of other columns.
  private static let others: Set<String> = [
    "index", "idx", "unnamed", "label", "class", "rotation", "rot", "pose", "depth", "mask", "width", "height", "split",
  ]

  private static let vocabulary = nouns.union(sceneWords).union(overlapWords).union(additions).union(others)
    .union(sides.flatMap { [$0.view1, $0.view2] })
  private static let allSides = Set(sides.flatMap { [$0.view1, $0.view2] })

  /// A name; its words are cut at signs, at digits, before capital letters, and where known words touch.
  init(_ name: String) {
    self.name = name
    words = Self.runs(name).flatMap { Self.knownWords(of: $0) ?? [$0] }
  }

  /// Whether it names the view that `side` stands for. A side alone is enough where it is a word, or where `allowsBare`.
  func isView(_ side: String, allowsBare: Bool) -> Bool {
    guard words.filter({ Self.allSides.contains($0) }) == [side] else { return false }
    let others = words.filter { $0 != side }
    return others.allSatisfy(Self.nouns.contains) && (!others.isEmpty || allowsBare || side.count >= 2)
  }

  /// Whether it names scenes.
  var isScene: Bool { isMade(of: Self.sceneWords) }

  /// Whether it names overlaps.
  var isOverlap: Bool { isMade(of: Self.overlapWords) }

  /// Whether it consists of words of headers, with one at least that no file would be called.
  var isKnown: Bool {
    !words.isEmpty && words.allSatisfy(Self.vocabulary.contains) && words.contains { $0.count >= 2 }
  }

  private func isMade(of kind: Set<String>) -> Bool {
    words.contains(where: kind.contains) && words.allSatisfy { kind.contains($0) || Self.additions.contains($0) }
  }

  /// Runs of letters or digits, in small letters; numbers without leading zeros.
  private static func runs(_ name: String) -> [String] {
    var runs: [String] = []
    var last: Character = " "
    for character in name {
      let isDigit = character.isNumber
      if character.isLetter || isDigit {
        let goesOn = isDigit ? last.isNumber : last.isLetter && !(last.isLowercase && character.isUppercase)
        if goesOn {
          runs[runs.count - 1] += character.lowercased()
        } else {
          runs.append(character.lowercased())
        }
      }
      last = character
    }
    return runs.map { run in Int(run).map(String.init) ?? run }
  }

  /// The known words of which a run consists, such as "file" and "name"; nil where it does not.
  private static func knownWords(of run: String) -> [String]? {
    if vocabulary.contains(run) { return [run] }
    for length in stride(from: run.count - 1, through: 2, by: -1) where vocabulary.contains(String(run.prefix(length)))
    {
      if let rest = knownWords(of: String(run.dropFirst(length))) { return [String(run.prefix(length))] + rest }
    }
    return nil
  }
}
