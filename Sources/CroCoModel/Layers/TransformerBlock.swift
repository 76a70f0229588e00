import Kernels

/// The sizes that the blocks of an encoder or decoder share.
struct StackShape {
  /// Whose rows they work on.
  let tokens: TokenLayout
  /// Channels of a token, C.
  let dimension: Int
  /// Heads of an attention.
  let headCount: Int
  /// Hidden channels of an MLP over C.
  let mlpRatio: Int

  /// Rows that go through an MLP together where weights are quantised: whole tiles of all processors, within a second-level cache.
  static let quantizedRows = 224
}

/// A pre-normalised transformer block: for each of its branches f, stream += f(norm(stream)).
///
/// Source: ViT (Dosovitskiy et al., 2021), whose blocks have self-attention and an MLP.
struct TransformerBlock<Element: MatrixElement> {
  /// A branch, and the norm before it.
  typealias Stage = (norm: LayerNorm<Element>, branch: any ResidualBranch<Element>)

  let name: String
  private let stages: [Stage]
  /// The stream after each stage but the last, and its gradient: [rows, C].
  private let streams: [Matrix]
  private let gradients: [Stream<Element>]

  /// A block of these stages, in order.
  init(_ name: String, _ shape: StackShape, in plan: NetworkPlan<Element>, stages: [Stage]) {
    self.name = name
    self.stages = stages
    streams = stages.dropLast().map { _ in plan.kept.matrix(shape.tokens.rows, shape.dimension) }
    gradients = stages.dropLast().map { _ in plan.backward.stream(shape.tokens.rows, shape.dimension) }
  }

  /// Packs a part of the weights of all linear maps, where they are quantised.
  func packWeights(_ part: WeightPart) {
    for stage in stages {
      for map in stage.branch.maps { map.packWeight(part) }
    }
  }

  /// output = block(input) for the rows of one thread. Both are [all rows, C].
  func forward(_ input: Matrix, into output: Matrix, _ pass: Pass<Element>) {
    var stream = input[pass.rows]
    let normalized = pass.scratch.normalized(stream.rows, stream.columns)
    stages[0].branch.prepare(pass)
    stages[0].norm.forward(stream, into: normalized, pass)
    for (index, stage) in stages.enumerated() {
      let next = (index < streams.count ? streams[index] : output)[pass.rows]
      stage.branch.forward(normalized, into: next, pass)
      pass.record(stage.branch.name, next, adding: stage.branch.bias)
      if index == streams.count {
        next.add(bias: stage.branch.bias, residual: stream)
      } else {
        let following = stages[index + 1]
        following.branch.prepare(pass)
        following.norm.forward(
          addingTo: next, branchBias: stage.branch.bias, residual: stream, into: normalized, pass)
      }
      stream = next
    }
    pass.record(name, stream)
  }

  /// inputGradient = gradient with respect to `input`, for the rows of one thread. All are [all rows, C].
  func backward(
    _ outputGradient: Stream<Element>, input: Matrix, into inputGradient: Stream<Element>, _ pass: Pass<Element>
  ) {
    var gradient = outputGradient[pass.rows]
    pass.record(name, gradient.values)
    let normalizedGradient = pass.scratch.normalizedGradient(gradient.values.rows, gradient.values.columns)
    for (index, stage) in stages.enumerated().reversed() {
      let next = (index > 0 ? gradients[index - 1] : inputGradient)[pass.rows]
      stage.branch.backward(gradient.operands, into: normalizedGradient, pass)
      stage.norm.backward(
        normalizedGradient, input: (index > 0 ? streams[index - 1] : input)[pass.rows], residual: gradient.values,
        into: next, pass)
      stage.branch.backwardPreparation(pass)
      gradient = next
    }
  }

  /// Forms one part of the parameter gradients, once all slabs are through.
  func formGradients(_ outputGradient: Stream<Element>, _ part: GradientPart) {
    for (index, stage) in stages.enumerated().reversed() {
      let gradient = index < gradients.count ? gradients[index] : outputGradient
      stage.branch.formGradients(gradient.operands, normalized: stage.norm.output, part)
      stage.norm.formGradients(part)
    }
  }
}
