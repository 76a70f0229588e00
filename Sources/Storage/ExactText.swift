/// A text that equals another where all bytes are the same, as names of files do.
///
/// Swift's own comparison of texts takes two Unicode forms of one letter for equal: "é" as one character, and as an "e"
/// with an accent, which are two files. So paths, and what is made of them, are keys of sets and dictionaries in this form.
package struct ExactText: Hashable, Sendable {
  /// The text.
  package let text: String

  /// A text as a key.
  package init(_ text: some StringProtocol) { self.text = String(text) }

  package static func == (a: ExactText, b: ExactText) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    // No text has this byte: texts that follow each other cannot be taken for others.
    hasher.combine(0xFF as UInt8)
  }
}
