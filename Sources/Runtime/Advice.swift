/// What a user can do about a failure: a sentence in which settings are called by their plain names.
///
/// Libraries know no flags and no commands. They write `"Choose another \(.output), or wait."`; the command line, which
/// has its own names for the terms, prints "Choose another --output, or wait."; everybody else reads "Choose another
/// output folder, or wait."
package struct Advice: RawRepresentable, Codable, Hashable, Sendable {
  /// Something that a user sets or runs, by its plain name. Each module declares its own terms in extensions.
  package struct Term: Hashable, Sendable {
    /// The plain name, such as "output folder"; it tells terms apart.
    package let words: String

    /// A term of this name.
    package init(_ words: String) { self.words = words }
  }

  /// The sentence with its terms marked, in which form it is stored and sent to other ranks.
  package let rawValue: String

  /// A sentence from its stored form; ordinary text is a sentence without terms.
  package init(rawValue: String) { self.rawValue = rawValue }

  /// The sentence with the name that `name` has for each term, or the plain one where that is nil.
  package func text(naming name: (Term) -> String?) -> String {
    var text = ""
    var rest = rawValue[...]
    while let start = rest.firstIndex(of: Self.termStart), let end = rest[start...].firstIndex(of: Self.termEnd) {
      let words = String(rest[rest.index(after: start)..<end])
      text += rest[..<start] + (name(Term(words)) ?? words)
      rest = rest[rest.index(after: end)...]
    }
    return text + rest
  }

  // Control characters, which no sentence holds: "start of text" and "end of text".
  private static let termStart: Character = "\u{2}", termEnd: Character = "\u{3}"
}

extension Advice: CustomStringConvertible {
  /// The sentence with plain names.
  package var description: String { text { _ in nil } }
}

extension Advice: ExpressibleByStringInterpolation {
  /// Puts a sentence together from text, terms and other advice.
  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var marked = ""

    package init(literalCapacity: Int, interpolationCount: Int) { marked.reserveCapacity(literalCapacity) }

    package mutating func appendLiteral(_ text: String) { marked += text }

    package mutating func appendInterpolation(_ term: Term) {
      marked += "\(Advice.termStart)\(term.words)\(Advice.termEnd)"
    }

    package mutating func appendInterpolation(_ advice: Advice) { marked += advice.rawValue }

    package mutating func appendInterpolation(_ value: some Any) { marked += "\(value)" }
  }

  package init(stringLiteral text: String) { rawValue = text }

  package init(stringInterpolation: StringInterpolation) { rawValue = stringInterpolation.marked }

  /// The two sentences one after the other, as they are.
  package static func + (first: Advice, second: Advice) -> Advice { Advice(rawValue: first.rawValue + second.rawValue) }
}

extension Advice.Term {
  /// The file or folder that a command writes.
  package static let output = Advice.Term("output folder")
  /// The seed of whatever is drawn.
  package static let seed = Advice.Term("seed")
}
