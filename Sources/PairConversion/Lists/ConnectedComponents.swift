import Storage

/// Groups of names that are connected; each is represented by the one that appeared first. Names are compared by bytes.
///
/// Source: disjoint-set forest with path halving (Tarjan, 1975).
package struct ConnectedComponents {
  private var numbers: [ExactText: Int] = [:]
  private var names: [String] = []
  private var parents: [Int] = []

  /// No names yet.
  package init() {}

  /// Puts two names into one group.
  package mutating func join(_ a: String, _ b: String) {
    let (a, b) = (root(of: number(of: a)), root(of: number(of: b)))
    parents[max(a, b)] = min(a, b)
  }

  /// The first name of a name's group.
  package mutating func representative(of name: String) -> String { names[root(of: number(of: name))] }

  private mutating func number(of name: String) -> Int {
    if let number = numbers[ExactText(name)] { return number }
    numbers[ExactText(name)] = names.count
    parents.append(names.count)
    names.append(name)
    return names.count - 1
  }

  private mutating func root(of number: Int) -> Int {
    var number = number
    while parents[number] != number {
      parents[number] = parents[parents[number]]
      number = parents[number]
    }
    return number
  }
}
