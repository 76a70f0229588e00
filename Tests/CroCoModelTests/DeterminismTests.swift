import CroCoModel
import Synchronization
import TestSupport
import Testing

/// Results are a function of the configuration: never of the number of threads, and of the slab count only by rounding.
@Suite struct DeterminismTests {
  /// What the number of threads must not change.
  struct Work: Sendable, CustomTestStringConvertible {
    let name: String
    let slabs: Int
    let precision: Precision
    let activations: ActivationPolicy
    var testDescription: String { "\(name), \(slabs) slabs, \(precision), \(activations)" }

    private static func isPossible(_ precision: Precision) -> Bool {
      precision != .auto && (try? precision.require()) != nil
    }

    /// Slabs of whole samples, and of parts of one.
    static let all: [Work] = ["tiny_cosine", "tiny_rope"].flatMap { name in
      [3, 5, 12].flatMap { slabs in
        Precision.allCases.filter(isPossible).flatMap { precision in
          [ActivationPolicy.keep, .recomputeBlocks].map {
            Work(name: name, slabs: slabs, precision: precision, activations: $0)
          }
        }
      }
    }
  }

  @Test("Gradients are the same bytes with any number of threads, also of a pair", arguments: Work.all)
  func threads(work: Work) throws {
    let reference = try ReferenceCase(work.name)
    let bytes = try [1, 2, 3, 5].map { workers in
      let run = try ReferenceRun(
        reference, workers: workers, slabs: work.slabs, precision: work.precision, activations: work.activations)
      let value = run.step(run.makeLoss())
      return [Float(value)] + Array(run.store.gradients.elements)
    }
    for other in bytes.dropFirst() { #expect(other == bytes[0]) }
  }

  @Test("Threads that share a pair come back from a step that is called off, and the next is whole")
  func calledOff() throws {
    let run = try ReferenceRun(try ReferenceCase("tiny_rope"), workers: 5, slabs: 12)
    let loss = run.makeLoss()
    _ = run.step(loss)
    let whole = Array(run.store.gradients.elements)
    for limit in [0, 1, 3, 6] {
      let asked = Atomic<Int>(0)
      @Sendable func isCalledOff() -> Bool { asked.add(1, ordering: .relaxed).oldValue >= limit }
      func step() { _ = run.step(loss) }
      let isWhole = run.pool.run(unless: isCalledOff, step)
      #expect(!isWhole)
    }
    _ = run.step(loss)
    #expect(Array(run.store.gradients.elements) == whole)
  }

  @Test("Another slab count changes gradients by rounding only")
  func slabs() throws {
    let reference = try ReferenceCase("tiny_rope")
    let one = try ReferenceRun(reference, slabs: 1)
    let loss = one.step(one.makeLoss())
    for count in [3, 5, 12] {
      let other = try ReferenceRun(reference, slabs: count)
      #expect(abs(other.step(other.makeLoss()) - loss) < 1e-6)
      let difference = relativeDifference(Array(other.store.gradients.elements), Array(one.store.gradients.elements))
      #expect(difference < 5e-6)
    }
  }

  @Test("Backward sets the gradients whatever they were, and a second run gives the same bytes")
  func repetition() throws {
    let run = try ReferenceRun(try ReferenceCase("tiny_cosine"))
    let loss = run.makeLoss()
    _ = run.step(loss)
    let once = Array(run.store.gradients.elements)
    for index in run.store.gradients.elements.indices { run.store.gradients.pointer[index] = .nan }
    _ = run.step(loss)
    #expect(Array(run.store.gradients.elements) == once)
  }

  @Test("Backward reports every parameter once, from the last to the first, when its gradient is complete")
  func finishedRanges() throws {
    let run = try ReferenceRun(try ReferenceCase("tiny_cosine"))
    let loss = run.makeLoss()
    _ = run.step(loss)
    let complete = Array(run.store.gradients.elements)
    for index in run.store.gradients.elements.indices { run.store.gradients.pointer[index] = .nan }
    var end = run.store.count
    var reports = 0
    run.network.backward(from: loss, for: run.input, scale: 1) { range in
      #expect(range.upperBound == end)
      #expect(Array(run.store.gradients.elements[range]) == Array(complete[range]))
      end = range.lowerBound
      reports += 1
    }
    #expect(end == 0)
    #expect(reports >= run.configuration.encoderDepth + run.configuration.decoderDepth)
  }

  @Test(
    "Recomputed blocks give the same gradients, byte for byte, in less memory", arguments: ["tiny_cosine", "tiny_rope"])
  func recomputation(name: String) throws {
    let reference = try ReferenceCase(name)
    let kept = try ReferenceRun(reference)
    let recomputed = try ReferenceRun(reference, activations: .recomputeBlocks)
    #expect(kept.step(kept.makeLoss()) == recomputed.step(recomputed.makeLoss()))
    #expect(Array(kept.store.gradients.elements) == Array(recomputed.store.gradients.elements))
    let bytes = [ActivationPolicy.keep, .recomputeBlocks, .discard].map {
      CroCoNet.activationBytes(ModelConfiguration(), batchSize: 4, slabCount: 2, workerCount: 2, activations: $0)
    }
    #expect(2 * bytes[1] < bytes[0] && bytes[2] < bytes[1])
  }

  @Test("A network for inference predicts the same bytes")
  func inference() throws {
    let run = try ReferenceRun(try ReferenceCase("tiny_rope"))
    run.forward()
    let network = CroCoNet(
      run.configuration, batchSize: run.batchSize, slabCount: run.slabCount, parameters: run.store, pool: run.pool,
      activations: .discard)
    network.forward(run.input)
    #expect(Array(network.prediction.elements) == Array(run.network.prediction.elements))
  }
}
