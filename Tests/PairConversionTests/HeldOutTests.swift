import DataFixtures
import PairConversion
import PairData
import Testing

/// Validation splits of small collections.
@Suite("Held-out pairs") struct HeldOutTests {
  /// Consecutive pairs of so many frames, a scene each; nothing is read.
  private func pairs(_ scenes: [(name: String, frames: Int)], gaps: ClosedRange<Int> = 1...1) throws -> [PairCandidate]
  {
    try FrameSequences(gaps: gaps, pairsPerFrame: gaps.count).pairs(
      of: scenes.map { scene in
        .init(
          scene: scene.name,
          frames: (0..<scene.frames).map { .init(path: "/\(scene.name)/\($0).jpg", source: "\(scene.name)/\($0).jpg") })
      }, in: "test")
  }

  private func hold(_ pairs: [PairCandidate], _ share: Double = 0.1, seed: UInt64 = 0) -> HeldOutPairs {
    HeldOutPairs(pairs, DatasetOptions(codec: .keep, validationFraction: share, seed: seed))
  }

  private func images(_ pairs: [PairCandidate], _ split: Split) -> Set<String> {
    Set(pairs.filter { $0.split == split }.flatMap { [$0.view1.source, $0.view2.source] })
  }

  @Test("a single scene is cut in time: its last pairs are held out, a gap is left, and no image is in both splits")
  func cut() throws {
    let all = try pairs([("room", 100)], gaps: 1...1)
    let held = hold(all)
    let (train, validation) = (images(held.pairs, .train), images(held.pairs, .validation))
    #expect(validation == Set((89..<100).map { "room/\($0).jpg" }))
    #expect(train == Set((0..<89).map { "room/\($0).jpg" }))
    #expect(held.pairs.allSatisfy { $0.split != nil })
    #expect(Set(held.pairs.map(\.scene)) == ["room", "room (held out)"])
    #expect(held.note?.contains("its last 10 of 99 pairs") == true && held.note?.contains("; 1 before them") == true)
    let far = hold(try pairs([("room", 1000)], gaps: 1...5))
    #expect(images(far.pairs, .train).isDisjoint(with: images(far.pairs, .validation)))
    #expect(far.pairs.count { $0.split == .validation } == 499)
  }

  @Test("two cameras are cut at one moment")
  func stereo() throws {
    let eyes = (0..<20).map { moment in
      PairCandidate(
        .init(path: "l\(moment)", source: "left/\(moment)"), .init(path: "r\(moment)", source: "right/\(moment)"),
        scene: "film")
    }
    #expect(hold(eyes).pairs.map(\.split) == Array(repeating: .train, count: 18) + [.validation, .validation])
  }

  @Test("crops of one photograph are one image: they are not cut apart")
  func crops() {
    let pairs = (0..<20).map { number in
      let views = [number / 4, number / 4 + 1].map { photo in
        PairCandidate.View(
          path: "/\(photo).jpg", source: "\(photo).jpg [\(number)]",
          crop: ImageCrop(box: PixelWindow(x: number, y: 0, width: 9, height: 9)))
      }
      return PairCandidate(views[0], views[1], scene: "room")
    }
    let held = hold(pairs)
    let photos = { (split: Split) in
      Set(held.pairs.filter { $0.split == split }.flatMap { [$0.view1.path, $0.view2.path] })
    }
    #expect(!photos(.train).isEmpty && photos(.train).isDisjoint(with: photos(.validation)))
  }

  @Test("the smallest scene that can be cut has two pairs without an image in common")
  func smallest() throws {
    let held = hold(try pairs([("room", 4)]))
    #expect(held.pairs.map(\.split) == [.train, .validation])
    let tooSmall = hold(try pairs([("room", 3)]))
    #expect(tooSmall.pairs.map(\.split) == [.train, .train] && tooSmall.note == nil)
  }

  @Test("of several scenes one is held out where the draw holds out none, and one trains where it holds out all")
  func several() throws {
    let all = try pairs([("a", 50), ("b", 6), ("c", 20)])
    let isDrawn = { (seed: UInt64, share: Double) in
      Set(
        ["a", "b", "c"].map { DatasetOptions(codec: .keep, validationFraction: share, seed: seed).split(ofScene: $0) })
    }
    let none = try #require((0..<100).first { isDrawn($0, 0.1) == [.train] })
    let held = hold(all, 0.1, seed: none)
    #expect(Set(held.pairs.filter { $0.split == .validation }.map(\.scene)) == ["b"] && held.pairs.count == all.count)
    let every = try #require((0..<100).first { isDrawn($0, 0.6) == [.validation] })
    let trained = hold(all, 0.6, seed: every)
    #expect(Set(trained.pairs.filter { $0.split == .validation }.map(\.scene)) == ["a"])
    let good = try #require((0..<100).first { isDrawn($0, 0.4).count == 2 })
    #expect(hold(all, 0.4, seed: good).note == nil && hold(all, 0.4, seed: good).pairs.allSatisfy { $0.split == nil })
  }

  @Test("nothing is held out where nothing, or everything, is wanted for validation")
  func extremes() throws {
    for share in [0.0, 1.0] { #expect(hold(try pairs([("room", 50)]), share).note == nil) }
  }
}
