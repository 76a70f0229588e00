import CroCoModel
import Kernels
import TestSupport
import Testing

/// Networks over bf16 operands, against fp32; ``NaiveNetworkTests`` compares them with a network that rounds where they do.
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
    let bytes = Precision.allCases.map {
      CroCoNet.activationBytes(ModelConfiguration(), batchSize: 4, slabCount: 2, workerCount: 2, precision: $0)
    }
    let ratio = Double(bytes[1]) / Double(bytes[0])
    #expect((0.6...0.64).contains(ratio), "\(ratio)")
  }
}
