import Runtime
import Storage

/// How the tensors of a file differ from those that a network expects.
struct TensorMismatch {
  /// Names that the file lacks.
  let missing: [String]
  /// Names that the network does not have.
  let extra: [String]
  /// What is of another shape, or no floating number, in words.
  let misshapen: [String]

  private let path: String

  /// - Parameter isWanted: whether a tensor of the file, by its name, counts at all.
  init(
    _ file: any TensorFile, _ expected: [(name: String, shape: [Int])], where isWanted: (String) -> Bool = { _ in true }
  ) {
    path = file.path
    let names = Set(expected.map(\.name))
    missing = expected.map(\.name).filter { file.tensor(named: $0) == nil }
    extra = file.tensors.map(\.name).filter { !names.contains($0) && isWanted($0) }
    misshapen = expected.compactMap { name, shape in
      guard let found = file.tensor(named: name), found.shape != shape || FloatingType(rawValue: found.type) == nil
      else { return nil }
      return "\(name) is \(found.type) \(found.shape), not F32 \(shape)"
    }
  }

  var isEmpty: Bool { missing.isEmpty && extra.isEmpty && misshapen.isEmpty }

  /// What differs, the first few names of each kind.
  var text: String {
    let kinds = [("missing", missing), ("not in the network", extra), ("of another shape", misshapen)]
    return kinds.filter { !$0.1.isEmpty }.map { "\($0.0): \(Self.shortList($0.1))" }.joined(separator: "; ")
  }

  /// Refuses the file.
  func failure(hint: Advice) -> Failure {
    Failure(.badData, "\(path) does not fit the configured network; \(text).", hint: hint)
  }

  private static func shortList(_ items: [String]) -> String {
    let shown = items.prefix(4).joined(separator: ", ")
    return items.count > 4 ? "\(shown) and \(items.count - 4) more" : shown
  }
}
