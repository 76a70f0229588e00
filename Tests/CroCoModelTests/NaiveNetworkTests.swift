import CroCoModel
import Kernels
import Testing

/// The naive network against the official numbers, and the fast one against the naive one in shapes that those do not have.
@Suite struct NaiveNetworkTests {
  @Test("The naive network has the official activations, losses and gradients", arguments: NetworkParityTests.cases)
  func official(name: String) throws {
    let reference = try ReferenceCase(name)
    let configuration = try reference.configuration()
    let batch = try ExampleBatch(reference, size: try #require(reference.arguments["batch"] as? Int))
    let naive = NaiveNetwork(configuration, try FastNetwork(configuration, reference, prefix: "param.").store)
    let outcome = naive.step(batch, LossConfiguration())
    var expected = StepOutcome()
    for entry in reference.tensors.entries where outcome.tensors[entry.name] != nil {
      expected.tensors[entry.name] = try reference(entry.name).map { Double($0) }
    }
    expected.tensors["act.pred"] = try reference("pred").map { Double($0) }
    #expect(expected.tensors.count > 60)
    // The reference was computed in double precision and rounded to single: half of 1.2e-7, and what is left of small numbers.
    for kind in StepOutcome.kinds { expect(outcome, kind, equals: expected, within: 1.5e-7) }

    for normalizes in [true, false] {
      for masked in [true, false] {
        var loss = LossConfiguration()
        (loss.normalizesPatches, loss.onMaskedOnly) = (normalizes, masked)
        let value = try reference.scalar("loss.\(normalizes ? "norm" : "raw")_pix.\(masked ? "masked" : "all")")
        #expect(abs(naive.step(batch, loss).loss / value - 1) < 1e-8)
      }
    }
  }

  @Test("The naive network has the official prediction of rectangular images", arguments: ["cosine", "RoPE100"])
  func rectangular(embedding: String) throws {
    let reference = try ReferenceCase("rect_forward")
    let configuration = try reference.configuration(positionEmbedding: embedding)
    let kind = embedding == "cosine" ? "cosine" : "rope"
    let isOwn = reference.tensors.entries.contains { $0.name.hasPrefix("\(kind).param.") }
    let fast = try FastNetwork(configuration, reference, prefix: isOwn ? "\(kind).param." : "param.")
    let batch = try ExampleBatch(reference, size: 2)
    let outcome = NaiveNetwork(configuration, fast.store).step(batch, LossConfiguration())
    var expected = StepOutcome()
    expected.tensors["act.pred"] = try reference(kind + ".pred").map { Double($0) }
    for view in [".img1", ".img2"] {
      expected.tensors["act.enc_norm" + view] = try reference(kind + ".enc_norm" + view).map { Double($0) }
    }
    expect(outcome, "act.", equals: expected, within: 1.5e-7)
  }

  @Test("The network in fp32 is the naive one: activations, loss and all gradients", arguments: NetworkShape.all)
  func single(shape: NetworkShape) {
    let (network, batch) = shape.example()
    let expected = NaiveNetwork(shape.configuration, network.store).step(batch, shape.loss)
    let outcome = network.step(batch, shape.loss, slabs: shape.slabs)
    #expect(Set(outcome.tensors.keys) == Set(expected.tensors.keys))
    #expect(abs(outcome.loss / expected.loss - 1) < 1e-6)
    // As against the official numbers: sums of up to 10^3 terms in single precision.
    expect(outcome, "act.", equals: expected, within: 5e-6)
    for kind in StepOutcome.kinds.dropFirst() { expect(outcome, kind, equals: expected, within: 1e-5) }
  }

  @Test(
    "The network in bf16 is the naive one that rounds where it does, and no further from exact arithmetic",
    .enabled(
      if: MatrixProducts.bfloat16Obstacle == nil,
      Comment(rawValue: "no bf16 here: \(MatrixProducts.bfloat16Obstacle ?? "")")),
    arguments: NetworkShape.all)
  func half(shape: NetworkShape) {
    let (network, batch) = shape.example()
    let exact = NaiveNetwork(shape.configuration, network.store).step(batch, shape.loss)
    let rounded = NaiveNetwork(shape.configuration, network.store, roundsOperands: true).step(batch, shape.loss)
    let outcome = network.step(batch, shape.loss, precision: .bf16, slabs: shape.slabs)
    #expect(Set(outcome.tensors.keys) == Set(exact.tensors.keys))
    #expect(abs(outcome.loss / rounded.loss - 1) < 2e-3)
    // Before anything that was computed is rounded: as in fp32.
    for view in [".img1", ".img2"] {
      let difference = outcome.differences(from: rounded, "act.enc_in" + view)[0].value
      #expect(difference < 1e-6, "act.enc_in\(view): \(difference)")
    }
    // A last bit of fp32 decides now and then which way a number is rounded, by 2^-8 of it; some ten roundings later the two
    // networks differ nearly as much as either does from exact arithmetic. Signs of differences jump on top of that.
    let isSmooth = shape.loss.kind == .l2
    for kind in StepOutcome.kinds where isSmooth || kind == "act." {
      expect(outcome, kind, equals: rounded, within: 0.03)
      let (own, naive) = (outcome.distance(from: exact, kind), rounded.distance(from: exact, kind))
      #expect(own < 1.4 * naive, "\(kind) is \(own) from exact arithmetic, \(naive) with the same roundings")
    }
  }

  private func expect(
    _ outcome: StepOutcome, _ kind: String, equals expected: StepOutcome, within tolerance: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (name, difference) in outcome.differences(from: expected, kind) {
      #expect(difference < tolerance, "\(name) is off by \(difference)", sourceLocation: sourceLocation)
    }
  }
}
