/// The distinct images of a list of pairs, numbered in order of appearance.
struct ImageTable: Sendable {
  /// The image numbers of all pairs, [pairs, 2].
  private(set) var indices: [UInt32] = []
  /// Where each image appears first, as 2 x pair + (0 for view 1, 1 for view 2).
  private(set) var firstUses: [Int] = []

  /// The number of distinct images.
  var count: Int { firstUses.count }

  init(_ pairs: [PairCandidate]) {
    var numbers: [PairCandidate.View: UInt32] = [:]
    indices.reserveCapacity(2 * pairs.count)
    for (pair, candidate) in pairs.enumerated() {
      for (side, view) in [candidate.view1, candidate.view2].enumerated() {
        let known = numbers[view]
        let number = known ?? UInt32(firstUses.count)
        if known == nil {
          numbers[view] = number
          firstUses.append(2 * pair + side)
        }
        indices.append(number)
      }
    }
  }

  /// The two images of a pair.
  func images(ofPair pair: Int) -> (view1: Int, view2: Int) { (Int(indices[2 * pair]), Int(indices[2 * pair + 1])) }

  /// The file of an image, and the pair that names it first.
  func use(ofImage image: Int, in pairs: [PairCandidate]) -> (view: PairCandidate.View, pair: PairCandidate) {
    let use = firstUses[image]
    let pair = pairs[use / 2]
    return (use % 2 == 0 ? pair.view1 : pair.view2, pair)
  }
}
