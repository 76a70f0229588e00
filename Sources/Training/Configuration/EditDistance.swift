/// The number of insertions, deletions, replacements and exchanges of neighbours that turn one text into another, each place
/// touched once.
///
/// Source: Damerau, "A technique for computer detection and correction of spelling errors", 1964 (optimal string alignment).
func editDistance(_ first: String, _ second: String) -> Int {
  let first = Array(first.utf8)
  let second = Array(second.utf8)
  var before: [Int] = []
  var row = Array(0...second.count)
  for i in first.indices {
    var next = [i + 1]
    for j in second.indices {
      var cost = min(row[j] + (first[i] == second[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)
      if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] { cost = min(cost, before[j - 1] + 1) }
      next.append(cost)
    }
    (before, row) = (row, next)
  }
  return row[second.count]
}
