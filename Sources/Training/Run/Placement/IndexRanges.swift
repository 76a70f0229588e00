/// Ascending numbers of cores, ranks or NUMA domains, which the system writes as "0-3,6".
package struct IndexRanges: Sendable, Hashable {
  /// The numbers, each once.
  package let indices: [Int]

  /// Numbers in any order.
  package init(_ indices: some Sequence<Int>) { self.indices = Set(indices).sorted() }

  /// The numbers of a list such as "0-3,6"; nil where it is none. An empty text is an empty list.
  package init?(_ text: String) {
    var indices: [Int] = []
    for part in text.split(separator: ",") {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last else {
        return nil
      }
      indices += first...last
    }
    self.init(indices)
  }

  /// Neighbours together: "0-3", "6".
  var texts: [String] {
    var ranges: [ClosedRange<Int>] = []
    for index in indices {
      if let last = ranges.last, last.upperBound == index - 1 {
        ranges[ranges.count - 1] = last.lowerBound...index
      } else {
        ranges.append(index...index)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
  }

  /// "0-3,6".
  package var text: String { texts.joined(separator: ",") }

  /// "core 2", "cores 0-3,6".
  func text(of one: String) -> String { "\(one)\(indices.count == 1 ? "" : "s") \(text)" }
}
