import DataFixtures
import Foundation
import PairData
import Runtime
import Storage
import SyntheticScenes
import Testing

/// Whole synthetic pairs: flow, overlap, determinism, data sets.
struct SynthesisTests {
  private static func synthesizer(_ pairs: Int, size: Int = 64, seed: UInt64 = 11) -> SceneSynthesizer {
    SceneSynthesizer(options: .init(pairs: pairs, size: size, seed: seed))
  }

  /// The mean difference, in grey levels, of view 1 and of view 2 fetched along `flow` (bilinear).
  private static func warpError(_ pair: SceneSynthesizer.Pair, along flow: (_ pixel: Int) -> (Float, Float)) -> Double {
    let size = pair.flow.size
    var sum = 0.0
    var count = 0
    for y in 0..<size {
      for x in 0..<size where pair.flow.values[2 * (y * size + x)].isFinite {
        let (dx, dy) = flow(y * size + x)
        let (sx, sy) = (Float(x) + dx, Float(y) + dy)
        guard sx >= 0, sy >= 0, sx < Float(size - 1), sy < Float(size - 1) else { continue }
        let (left, top) = (Int(sx), Int(sy))
        let (fx, fy) = (sx - Float(left), sy - Float(top))
        for channel in 0..<3 {
          func sample(_ column: Int, _ row: Int) -> Float {
            Float(pair.view2.pixels[3 * (row * size + column) + channel])
          }
          let upper = sample(left, top) * (1 - fx) + sample(left + 1, top) * fx
          let lower = sample(left, top + 1) * (1 - fx) + sample(left + 1, top + 1) * fx
          sum += Double(abs(upper * (1 - fy) + lower * fy - Float(pair.view1.pixels[3 * (y * size + x) + channel])))
          count += 3
        }
      }
    }
    return sum / Double(count) * 3
  }

  @Test("View 2 fetched along the true flow looks like view 1, and without the flow it does not")
  func test_flow_explainsTheViews() throws {
    let synthesizer = Self.synthesizer(24, size: 96)
    var warped = 0.0
    var still = 0.0
    for index in 0..<24 {
      let pair = try synthesizer.pair(index)
      let error = Self.warpError(pair) { (pair.flow.values[2 * $0], pair.flow.values[2 * $0 + 1]) }
      // Bilinear fetching blurs edges; 20 levels would be a flow that is off by a pixel.
      #expect(error < 14, "pair \(index): \(error) grey levels")
      warped += error / 24
      still += Self.warpError(pair) { _ in (0, 0) } / 24
    }
    #expect(warped < 7, "mean error \(warped)")
    #expect(still > 4 * warped, "views differ by \(still) grey levels, warped ones by \(warped)")
  }

  @Test("The overlap is the share of finite flow, lies between 0.3 and 0.9, and falls as the baseline grows")
  func test_overlap_staysInRange() throws {
    var means: [Float] = []
    for baseline in [CameraBaseline.small, .medium, .large] {
      var options = SceneSynthesizer.Options(pairs: 40, size: 32, seed: 5)
      options.baseline = baseline
      let synthesizer = SceneSynthesizer(options: options)
      var sum: Float = 0
      for index in 0..<40 {
        let pair = try synthesizer.pair(index)
        let finite = (0..<(32 * 32)).filter {
          pair.flow.values[2 * $0].isFinite && pair.flow.values[2 * $0 + 1].isFinite
        }
        #expect(pair.overlap == Float(finite.count) / 1024)
        #expect(ViewSampler.overlapRange.contains(pair.overlap), "pair \(index): \(pair.overlap)")
        sum += pair.overlap
      }
      means.append(sum / 40)
    }
    #expect(means[2] < means[1] - 0.05 && means[1] < means[0] + 0.02, "\(means)")
  }

  @Test("Pixels do not depend on the number of threads, on how many pairs there are, or on the run")
  func test_pairs_areDeterministic() throws {
    func digest(threads: Int, count: Int, seed: UInt64 = 11) throws -> [FileDigest] {
      try Self.synthesizer(count, seed: seed).pairs(0..<count, pool: WorkerPool(workerCount: threads)) { pair in
        let flow = pair.flow.values.withUnsafeBytes { Array($0) }
        return (pair.view1.pixels + pair.view2.pixels + flow).withUnsafeBytes { FileDigest(of: $0) }
      }
    }
    let single = try digest(threads: 1, count: 12)
    #expect(try digest(threads: 2, count: 12) == single)
    #expect(try digest(threads: 3, count: 5) == Array(single[..<5]))
    #expect(Set(single).count == 12)
    #expect(try digest(threads: 1, count: 1, seed: 12) != Array(single[..<1]))
  }

  @Test("A picture with a wider margin holds the smaller picture unchanged: no tile loses a solid")
  func test_render_doesNotDependOnTiles() throws {
    let generator = SceneGenerator(seed: 2)
    for index in 0..<6 {
      let scene = generator.scene(index)
      let camera = SceneCamera(position: [2, -1.6, 1.5], target: [0, 0, 0.6], roll: 0.1, fieldOfView: 1)
      // The same focal length in pixels, and three pixels more on every side: other tiles, the same rays.
      var wide = camera
      wide.fieldOfView = 2 * atan(tan(camera.fieldOfView / 2) * 54 / 48)
      let small = SceneRenderer(size: 48).render(scene, from: camera)
      let large = SceneRenderer(size: 54).render(scene, from: wide)
      var largest = 0
      var differing = 0
      // All but the rim, where the lens blurs with what lies outside the smaller picture.
      for y in 1..<47 {
        for x in 3..<(47 * 3) {
          let difference = abs(Int(small.pixels[y * 144 + x]) - Int(large.pixels[(y + 3) * 162 + x + 9]))
          largest = max(largest, difference)
          if difference > 2 { differing += 1 }
        }
      }
      // The focal lengths agree to rounding only, which moves a sample at an edge now and then.
      #expect(largest <= 70)
      #expect(differing < 40, "scene \(index): \(differing) of 6348 values differ")
    }
  }

  @Test("Four rays a pixel come close to sixty-four: patterns are limited to what the picture resolves")
  func test_render_isFreeOfAliasing() throws {
    let coarse = Self.synthesizer(8)
    var options = coarse.options
    options.samplesPerAxis = 8
    let fine = SceneSynthesizer(options: options)
    for index in 0..<8 {
      let difference = meanDifference(try coarse.pair(index).view1, try fine.pair(index).view1)
      #expect(difference < 6, "pair \(index): \(difference) grey levels")
    }
  }

  @Test("A view has contrast nearly everywhere")
  func test_render_hasContrast() throws {
    var flat = 0
    var patches = 0
    for index in 0..<20 {
      let view = try Self.synthesizer(20).pair(index).view1
      for patch in 0..<64 {
        var values: [Double] = []
        for y in 0..<8 {
          let row = (patch / 8 * 8 + y) * 64 + patch % 8 * 8
          values += view.pixels[(3 * row)..<(3 * row + 24)].map(Double.init)
        }
        let mean = values.reduce(0, +) / 192
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 192).squareRoot()
        patches += 1
        if deviation < 8 { flat += 1 }
      }
    }
    #expect(Double(flat) / Double(patches) < 0.05, "\(flat) of \(patches) patches are flat")
  }

  @Test("A data set of scenes reads back with flow and overlap, and a scene's pairs stay in one split")
  func test_write_makesAReadableDataSet() throws {
    try withTemporaryFolder { folder in
      var options = SceneSynthesizer.Options(pairs: 20, size: 32, seed: 4)
      options.pairsPerScene = 2
      let synthesizer = SceneSynthesizer(options: options)
      let path = folder + "/scenes"
      let dataset = DatasetOptions(codec: .raw, validationFraction: 0.4, seed: 4)
      var reported: [Int] = []
      _ = try synthesizer.write(to: path, as: dataset, pool: WorkerPool(workerCount: 2)) { done, total in
        #expect(total == 20)
        reported.append(done)
      }
      #expect(reported.last == 20)
      var scenes: [Split: Set<Int>] = [:]
      var read = 0
      for split in [Split.train, .validation] {
        let data = try PairDataset(path: path, split: split)
        read += data.count
        for index in 0..<data.count { scenes[split, default: []].insert(try data.scene(ofPair: index)) }
        let images = try data.images(ofPair: 0)
        // Both pairs of a scene stay together and in order, so pair 0 of a split is the first pair of its scene.
        let expected = try synthesizer.pair(try data.scene(ofPair: 0) * 2)
        #expect(images.view1 == expected.view1 && images.view2 == expected.view2)
        #expect(try data.overlap(ofPair: 0) == expected.overlap)
        let flow = try #require(try data.flow(ofPair: 0))
        #expect(zip(flow, expected.flow.values).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
      }
      #expect(read == 20)
      #expect(scenes[.train]!.isDisjoint(with: scenes[.validation]!))
      #expect(scenes[.train]!.union(scenes[.validation]!) == Set(0..<10))
    }
  }
}
