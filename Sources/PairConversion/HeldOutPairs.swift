import PairData
import Storage

/// Pairs with a validation split where the draw, scene by scene, would leave training or validation without any.
///
/// Of several scenes one is held out: the one whose share of the pairs is nearest to the wanted share. A single scene is cut in time: its last
/// images are held out, and pairs that reach over the cut are left out, so that no image is in both splits.
package struct HeldOutPairs {
  /// The pairs that remain, in their order.
  package private(set) var pairs: [PairCandidate]
  /// What was done, for people; nil where the draw is good.
  package private(set) var note: String?

  /// Divides pairs by `options`, whose validation fraction is the wanted share.
  package init(_ pairs: [PairCandidate], _ options: DatasetOptions) {
    self.pairs = pairs
    let share = options.validationFraction
    guard share > 0, share < 1, pairs.allSatisfy({ $0.split == nil }) else { return }
    var counts: [ExactText: Int] = [:]
    var names: [String] = []
    for pair in pairs {
      if counts.updateValue(counts[ExactText(pair.scene), default: 0] + 1, forKey: ExactText(pair.scene)) == nil {
        names.append(pair.scene)
      }
    }
    let held = names.count { options.split(ofScene: $0) == .validation }
    if names.count == 1 {
      cut(share)
    } else if held == 0 || held == names.count {
      let wanted = share * Double(pairs.count)
      let nearest = names.min {
        abs(Double(counts[ExactText($0)]!) - wanted) < abs(Double(counts[ExactText($1)]!) - wanted)
      }
      hold(nearest!, of: names.count)
    }
  }

  private mutating func hold(_ scene: String, of count: Int) {
    let name = ExactText(scene)
    pairs = pairs.map { $0.moved(to: ExactText($0.scene) == name ? .validation : .train) }
    note = "of \(count) scenes \(scene) is held out for validation: the draw would have left a split without any"
  }

  private mutating func cut(_ share: Double) {
    let images = Set(pairs.lazy.flatMap { [$0.view1.source, $0.view2.source] }.map(ExactText.init))
      .map(\.text).sorted(by: NaturalOrder.precedes)
    let places = Dictionary(uniqueKeysWithValues: images.enumerated().map { (ExactText($1), $0) })
    let start = images.count - max(2, Int((share * Double(images.count)).rounded()))
    // Neighbours in time are nearly the same image.
    for gap in [max(1, images.count / 50), 0] {
      let kept = pairs.compactMap { pair -> PairCandidate? in
        let views = [pair.view1, pair.view2].map { places[ExactText($0.source)]! }
        if views.min()! >= start { return pair.moved(to: .validation, scene: pair.scene + " (held out)") }
        return views.max()! < start - gap ? pair.moved(to: .train) : nil
      }
      guard Set(kept.map(\.split)).count == 2 else { continue }
      note =
        "one scene only: its last \(images.count - start) of \(images.count) images are the validation split;"
        + " \(pairs.count - kept.count) pairs that reach over the cut are left out"
      pairs = kept
      return
    }
    // Nothing to validate on is better than nothing to train on.
    pairs = pairs.map { $0.moved(to: .train) }
  }
}

extension PairCandidate {
  /// The pair in a split, and in another scene if one is named.
  fileprivate func moved(to split: Split, scene: String? = nil) -> PairCandidate {
    PairCandidate(view1, view2, scene: scene ?? self.scene, split: split, overlap: overlap, origin: origin)
  }
}
