import Foundation
@testable import PairMining
import PairData
import Tensors
import Testing

struct Experiment {
  @Test func synth() throws {
    BLAS.prepare()
    let s = SceneSynthesizer(options: .init(pairs: 30, size: 256, seed: 3))
    let ex = FeatureExtractor(), m = DescriptorMatcher()
    var err = 0.0, n = 0.0
    for i in 0..<30 {
      let t0 = ContinuousClock.now
      let p = try s.pair(i)
      let t1 = ContinuousClock.now
      let a = ex.features(of: p.view1), b = ex.features(of: p.view2)
      let t2 = ContinuousClock.now
      let mt = m.matches(a.descriptors, b.descriptors)
      let t3 = ContinuousClock.now
      let v = PairVerifier(selection: PairSelection(options: MiningOptions())).measure(a, b, first: 0, second: 1, matches: mt, number: i)
      let t4 = ContinuousClock.now
      var good = 0, known = 0
      for q in v?.points ?? [] {
        let x = min(255, max(0, Int(q.x))), y = min(255, max(0, Int(q.y)))
        let fx = p.flow.values[2*(y*256+x)], fy = p.flow.values[2*(y*256+x)+1]
        if fx.isFinite { known += 1; if abs(q.x + fx - q.z) < 3 && abs(q.y + fy - q.w) < 3 { good += 1 } }
      }
      let finite = (0..<(256*256)).count { p.flow.values[2*$0].isFinite }
      _ = finite
      print(i, "features", a.count, b.count, "matches", mt.count, "inliers", v?.inlierCount ?? 0, "good", good, "of", known, "overlap", v?.overlap.forward ?? -1, v?.overlap.backward ?? -1, "true", p.overlap, "parallax", v?.parallax ?? -1, "disp", v?.displacement ?? -1, t2-t1, t3-t2, t4-t3, t1-t0)
      if let v { err += abs(v.overlap.forward - Double(p.overlap)); n += 1 }
    }
    print("mean overlap error", err / n, n)
  }
}
