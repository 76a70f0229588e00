import PairData
import Storage

/// Pairs with a validation split where the draw, scene by scene, would leave training or validation without any.
///
/// Of several scenes one is held out: the one whose share of the pairs is nearest to the wanted share. A single scene is cut in time: its last
/// pairs are held out, and those that share images with them are left out, so that no image is in both splits.
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
    let start = pairs.count - max(1, Int((share * Double(pairs.count)).rounded()))
    let last = pairs[start...].map { $0.moved(to: .validation, scene: $0.scene + " (held out)") }
    let heldImages = Set(last.flatMap(\.images))
    // Neighbours in time are nearly the same image.
    for gap in [pairs.count / 50, 0] {
      let first = pairs[..<max(0, start - gap)].filter { heldImages.isDisjoint(with: $0.images) }
      guard !first.isEmpty else { continue }
      note =
        "one scene only: its last \(last.count) of \(pairs.count) pairs are the validation split;"
        + " \(start - first.count) before them, which share images with them or are near, are left out"
        + (4 * (start - first.count) > pairs.count
          ? "; a validation share of 0 keeps all pairs, for training without validation or with that of another data set"
          : "")
      pairs = first.map { $0.moved(to: .train) } + last
      return
    }
    // Nothing to validate on is better than nothing to train on.
    pairs = pairs.map { $0.moved(to: .train) }
  }
}

extension PairCandidate {
  /// The files: different crops of one photograph are one image here.
  fileprivate var images: [ExactText] { [ExactText(view1.path), ExactText(view2.path)] }

  /// The pair in a split, and in another scene if one is named.
  fileprivate func moved(to split: Split, scene: String? = nil) -> PairCandidate {
    PairCandidate(view1, view2, scene: scene ?? self.scene, split: split, overlap: overlap, origin: origin)
  }
}
