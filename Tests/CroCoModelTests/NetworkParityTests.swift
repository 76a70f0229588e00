import CroCoModel
import Foundation
import TestSupport
import Testing

/// The whole network against the official implementation: activations, prediction, losses and all gradients.
@Suite struct NetworkParityTests {
  static let cases = ["tiny_cosine", "tiny_rope", "tiny_nonormmem", "odd_grid"]

  /// One visible token on a 3x3 grid amplifies rounding: the reference suggests twice the tolerance there.
  static func factor(_ name: String) -> Double { name == "odd_grid" ? 2 : 1 }

  @Test("Prediction and losses equal the reference", arguments: cases)
  func prediction(name: String) throws {
    let reference = try ReferenceCase(name)
    let run = try ReferenceRun(reference)
    run.forward()
    let difference = relativeDifference(Array(run.network.prediction.elements), try reference("pred"))
    #expect(difference < 3e-6 * Self.factor(name), "prediction off by \(difference)")
    for normalizes in [true, false] {
      for masked in [true, false] {
        let loss = run.makeLoss(normalizesPatches: normalizes, onMaskedOnly: masked)
        let expected = try reference.scalar("loss.\(normalizes ? "norm" : "raw")_pix.\(masked ? "masked" : "all")")
        let value = run.loss(loss)
        #expect(abs(value / expected - 1) < 1e-6, "loss \(value), expected \(expected)")
      }
    }
    let model = run.configuration
    let target = Patchify.patches(
      of: Array(run.view1.elements), height: model.imageHeight, width: model.imageWidth, patchSize: model.patchSize)
    #expect(relativeDifference(target, try reference("target")) < 1e-6)
    let normalized = MaskedPatchLoss.normalized(target, patchDimension: model.patchDimension)
    #expect(relativeDifference(normalized, try reference("target_norm")) < 1e-6)
  }

  @Test("Activations inside the network equal the reference", arguments: cases)
  func activations(name: String) throws {
    let reference = try ReferenceCase(name)
    let run = try ReferenceRun(reference)
    let recorder = TensorRecorder()
    run.network.recorder = recorder
    run.forward()
    let recorded = Dictionary(uniqueKeysWithValues: recorder.tensors.map { ($0.name, $0) })
    var compared = 0
    for entry in reference.tensors.entries where entry.name.hasPrefix("act.") {
      if entry.name.hasPrefix("act.patch_embed") { continue }  // of all tokens, below
      let tensor = try #require(recorded[entry.name], "\(entry.name) was not recorded")
      #expect(tensor.shape == entry.shape, "\(entry.name)")
      let difference = relativeDifference(tensor.values, try reference(entry.name))
      #expect(difference < 5e-6 * Self.factor(name), "\(entry.name) off by \(difference)")
      compared += 1
    }
    #expect(compared >= 12)
    for (view, images) in [("img1", run.input.view1), ("img2", run.input.view2)] {
      let expected = try reference("act.patch_embed." + view)
      #expect(relativeDifference(run.network.patchEmbeddings(of: images), expected) < 5e-6 * Self.factor(name))
    }
  }

  @Test("Parameter, activation and image gradients equal the reference", arguments: cases)
  func gradients(name: String) throws {
    let reference = try ReferenceCase(name)
    let run = try ReferenceRun(reference)
    let loss = run.makeLoss()
    run.forward()
    _ = run.loss(loss)
    let recorder = TensorRecorder()
    run.network.recorder = recorder
    run.network.backward(from: loss, for: run.input, scale: 1)

    for parameter in run.store.parameters {
      let (actual, expected) = (run.gradient(parameter.name), try reference("grad." + parameter.name))
      if Self.hasZeroGradient(parameter.name, run.configuration) {
        #expect(largestDifference(actual, expected) < 1e-7, "\(parameter.name)")
      } else {
        let difference = Self.withoutKeyBiases(actual, expected, parameter.name, run.configuration)
        #expect(difference < 1e-5 * Self.factor(name), "grad.\(parameter.name) off by \(difference)")
      }
    }
    var compared = 0
    for tensor in recorder.tensors {
      guard reference.tensors.entry(named: tensor.name) != nil else { continue }
      compared += 1
      let difference = relativeDifference(tensor.values, try reference(tensor.name))
      #expect(difference < 1e-5 * Self.factor(name), "\(tensor.name) off by \(difference)")
    }
    #expect(compared >= 8)
    let (image1, image2) = run.network.imageGradients()
    #expect(relativeDifference(image1, try reference("grad_input.img1")) < 1e-5 * Self.factor(name))
    #expect(relativeDifference(image2, try reference("grad_input.img2")) < 1e-5 * Self.factor(name))
  }

  @Test("Rectangular images equal the reference", arguments: ["cosine", "rope"])
  func rectangular(kind: String) throws {
    let reference = try ReferenceCase("rect_forward")
    let prefix =
      reference.tensors.entries.contains { $0.name.hasPrefix("\(kind).param.") } ? "\(kind).param." : "param."
    let run = try ReferenceRun(
      reference, positionEmbedding: kind == "rope" ? "RoPE100" : "cosine", parameterPrefix: prefix)
    let recorder = TensorRecorder()
    run.network.recorder = recorder
    run.forward()
    #expect(relativeDifference(Array(run.network.prediction.elements), try reference("\(kind).pred")) < 3e-6)
    for view in ["img1", "img2"] {
      let tensor = try #require(recorder.tensors.first { $0.name == "act.enc_norm." + view })
      #expect(relativeDifference(tensor.values, try reference("\(kind).enc_norm.\(view)")) < 5e-6)
    }
  }

  /// Soft-max does not see a constant per query: without RoPE, key biases have no gradient in exact arithmetic.
  static func hasZeroGradient(_ name: String, _ configuration: ModelConfiguration) -> Bool {
    configuration.positionEmbedding == .cosine && name.hasSuffix("cross_attn.projk.bias")
  }

  static func withoutKeyBiases(
    _ actual: [Float], _ expected: [Float], _ name: String, _ configuration: ModelConfiguration
  ) -> Double {
    guard configuration.positionEmbedding == .cosine, name.hasSuffix("attn.qkv.bias") else {
      return relativeDifference(actual, expected)
    }
    let third = actual.count / 3
    #expect(largestDifference(Array(actual[third..<2 * third]), Array(expected[third..<2 * third])) < 1e-7)
    return relativeDifference(
      Array(actual[..<third] + actual[(2 * third)...]), Array(expected[..<third] + expected[(2 * third)...]))
  }
}
