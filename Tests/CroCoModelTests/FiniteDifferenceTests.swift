import CroCoModel
import TestSupport
import Testing

/// Backward against finite differences of forward: along the gradient of each parameter tensor of every layer.
@Suite struct FiniteDifferenceTests {
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
