import CroCoModel
import Kernels
import TestSupport
import Testing

/// Networks over bf16 operands and with 8-bit integers, against fp32; ``NaiveNetworkTests`` compares them with a network that rounds where they do.
@Suite(
  .enabled(
    if: MatrixProducts.bfloat16Obstacle == nil,
    Comment(rawValue: "no bf16 here: \(MatrixProducts.bfloat16Obstacle ?? "")")))
struct PrecisionTests {
  static let cases = ["tiny_cosine", "tiny_rope", "tiny_nonormmem", "odd_grid"]

  @Test("Loss and gradients in bf16 are within 1 % of fp32", arguments: cases)
  func gradients(name: String) throws {
    let reference = try ReferenceCase(name)
    let single = try ReferenceRun(reference)
    let brain = try ReferenceRun(reference, precision: .bf16)
    let (expected, loss) = (single.step(single.makeLoss()), brain.step(brain.makeLoss()))
    #expect(abs(loss - expected) < 0.01 * expected && loss != expected)
    let difference = relativeDifference(
      Array(brain.store.gradients.elements), Array(single.store.gradients.elements))
    #expect(difference < 0.01, "\(name): \(difference)")
    #expect(difference > 1e-5)
  }

  @Test("Gradients in bf16 are the same bytes with 1, 2 and 3 threads, kept or recomputed", arguments: cases)
  func threads(name: String) throws {
    let reference = try ReferenceCase(name)
    let first = try ReferenceRun(reference, workers: 1, slabs: 3, precision: .bf16)
    let loss = first.step(first.makeLoss())
    for (workers, policy) in [(2, ActivationPolicy.keep), (3, .keep), (2, .recomputeBlocks)] {
      let run = try ReferenceRun(reference, workers: workers, slabs: 3, precision: .bf16, activations: policy)
      #expect(run.step(run.makeLoss()) == loss)
      #expect(Array(run.store.gradients.elements) == Array(first.store.gradients.elements))
    }
  }

  /// What 8 bits make of it: the largest of a row is 127, so that an element is off by up to 1/254 of that.
  @Test(
    "Gradients in int8 point where those of fp32 do, in every parameter", arguments: cases, [Precision.int8, .int8Full])
  func quantizedGradients(name: String, precision: Precision) throws {
    let reference = try ReferenceCase(name)
    let single = try ReferenceRun(reference)
    let integer = try ReferenceRun(reference, precision: precision)
    let (expected, loss) = (single.step(single.makeLoss()), integer.step(integer.makeLoss()))
    #expect(abs(loss - expected) < 0.01 * expected && loss != expected)
    let (exact, rounded) = (single.store.gradients.elements, integer.store.gradients.elements)
    #expect(relativeDifference(Array(rounded), Array(exact)) < 0.05)
    for parameter in single.store.parameters {
      let (a, b) = (exact[parameter.range].map(Double.init), rounded[parameter.range].map(Double.init))
      func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
      let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
      // The bias of keys has no gradient but what rounding leaves.
      if dot(a, a) > 1e-12 { #expect(cosine > 0.99, "\(name) \(parameter.name): \(cosine)") }
    }
  }

  @Test(
    "Gradients in int8 are the same bytes with 1, 2 and 3 threads, kept or recomputed", arguments: cases,
    [Precision.int8, .int8Full])
  func quantizedThreads(name: String, precision: Precision) throws {
    let reference = try ReferenceCase(name)
    let first = try ReferenceRun(reference, workers: 1, slabs: 3, precision: precision)
    let loss = first.step(first.makeLoss())
    for (workers, policy) in [(2, ActivationPolicy.keep), (3, .keep), (2, .recomputeBlocks)] {
      let run = try ReferenceRun(reference, workers: workers, slabs: 3, precision: precision, activations: policy)
      #expect(run.step(run.makeLoss()) == loss)
      #expect(Array(run.store.gradients.elements) == Array(first.store.gradients.elements))
    }
  }

  @Test("Parameters that change between two passes are seen")
  func update() throws {
    let run = try ReferenceRun(try ReferenceCase("tiny_cosine"), precision: .bf16)
    run.forward()
    let before = Array(run.network.prediction.elements)
    for index in 0..<run.store.count { run.store.values.pointer[index] *= 1.5 }
    run.forward()
    #expect(relativeDifference(Array(run.network.prediction.elements), before) > 0.1)
  }

  @Test(
    "Activations take five eighths of the memory: what products read is halved, streams and their gradients are not")
  func memory() {
    func bytes(_ precision: Precision) -> Int {
      CroCoNet.activationBytes(ModelConfiguration(), batchSize: 8, slabCount: 2, workerCount: 2, precision: precision)
    }
    let ratio = Double(bytes(.bf16)) / Double(bytes(.fp32))
    #expect((0.6...0.64).contains(ratio), "\(ratio)")
    #expect(bytes(.int8) <= bytes(MatrixProducts.int8KeepsBFloat16 ? .bf16 : .fp32))
  }
}
