import CroCoModel
import TestSupport
import Testing

/// Backward against finite differences of forward.
///
/// The fast network is followed along the gradient of each parameter tensor, which its fp32 loss can tell from rounding. An error
/// at right angles to the gradient would not show there: the naive network is followed along random directions in double
/// precision, and the fast one is compared with it (``NaiveNetworkTests``).
@Suite struct FiniteDifferenceTests {
  @Test(
    "The naive network's slope along random directions is what its gradient says",
    arguments: [
      "wide image, cosine", "tall image, RoPE", "a single row of patches, RoPE of another base, no norm of the context",
    ])
  func naive(shape: String) throws {
    let shape = try #require(NetworkShape.all.first { $0.testDescription == shape })
    let (network, batch) = shape.example()
    let naive = NaiveNetwork(shape.configuration, network.store)
    let outcome = naive.step(batch, shape.loss)
    var numbers = ExampleNumbers(seed: 3)
    for parameter in network.store.parameters {
      let values = try #require(naive.values[parameter.name])
      let gradient = try #require(outcome.tensors["grad." + parameter.name])
      let direction = values.map { _ in Double(numbers.next(within: 1)) }
      func loss(_ step: Double) -> Double {
        naive.values[parameter.name] = zip(values, direction).map { $0 + step * $1 }
        return naive.step(batch, shape.loss).loss
      }
      let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
      naive.values[parameter.name] = values
      let expected = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
      let scale = zip(gradient, direction).reduce(0) { $0 + abs($1.0 * $1.1) }
      // Rounding of the loss, some 1e-16 over a step of 2e-5, and curvature.
      #expect(abs(slope - expected) < 1e-6 * scale + 1e-10, "\(parameter.name): \(slope), expected \(expected)")
    }
  }

  @Test(
    "The slope along every parameter's gradient is the gradient's norm",
    arguments: ["tiny_cosine", "tiny_rope", "tiny_nonormmem"], [LossConfiguration.Kind.l2, .l1])
  func everyLayer(name: String, kind: LossConfiguration.Kind) throws {
    let run = try ReferenceRun(try ReferenceCase(name))
    let loss = run.makeLoss(kind: kind)
    _ = run.step(loss)
    let gradients = Array(run.store.gradients.elements)
    var checked = 0
    for parameter in run.store.parameters where !NetworkParityTests.hasZeroGradient(parameter.name, run.configuration) {
      let gradient = gradients[parameter.range]
      let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      let direction = gradient.map { Float(Double($0) / norm) }
      let slope = self.slope(run, loss, parameter.range, direction, step: 4e-3)
      // Rounding of the fp32 loss (1e-7 over a step of 8e-3) and curvature.
      #expect(abs(slope - norm) < 0.02 * norm + 4e-5, "\(parameter.name): slope \(slope), gradient norm \(norm)")
      checked += 1
    }
    #expect(checked >= 70)
  }

  private func slope(
    _ run: ReferenceRun, _ loss: any Objective, _ range: Range<Int>, _ direction: [Float], step: Float
  ) -> Double {
    let original = Array(run.store.values.elements[range])
    func value(_ sign: Float) -> Double {
      for (index, place) in range.enumerated() {
        run.store.values.pointer[place] = original[index] + sign * step * direction[index]
      }
      run.forward()
      return run.loss(loss)
    }
    let difference = value(1) - value(-1)
    for (index, place) in range.enumerated() { run.store.values.pointer[place] = original[index] }
    return difference / Double(2 * step)
  }
}
