import CroCoModel
import Foundation

/// The network and its loss in plain loops and double precision, for any configuration: the oracle of the fast one.
///
/// Written from the papers (CroCo, section 3; CroCo v2, section 3.1) and checked against numbers of the official
/// implementation. Pairs go through one by one. It knows nothing of slabs, threads, kernels or memory. With `roundsOperands`
/// it rounds to bf16 what the fast network's matrix products read, and nothing else.
final class NaiveNetwork {
  let configuration: ModelConfiguration
  let roundsOperands: Bool
  /// The parameters by official name; they may be changed between steps.
  var values: [String: [Double]]

  private let shapes: [String: [Int]]
  private var outcome = StepOutcome()

  init(_ configuration: ModelConfiguration, _ store: ParameterStore, roundsOperands: Bool = false) {
    self.configuration = configuration
    self.roundsOperands = roundsOperands
    values = Dictionary(
      uniqueKeysWithValues: store.parameters.map { ($0.name, store.values.elements[$0.range].map { Double($0) }) })
    shapes = Dictionary(uniqueKeysWithValues: store.parameters.map { ($0.name, $0.shape) })
  }

  /// Forward and backward of a batch: the loss, and every tensor under the names of ``StepOutcome``.
  func step(_ batch: ExampleBatch, _ loss: LossConfiguration) -> StepOutcome {
    outcome = StepOutcome()
    for (name, value) in values { outcome.tensors["grad." + name] = [Double](repeating: 0, count: value.count) }
    let all = Array(0..<configuration.patchCount)
    let counted = batch.mask.filter { $0 != 0 || !loss.onMaskedOnly }.count
    for sample in 0..<batch.size {
      let mask = batch.mask(sample)
      let (image1, image2) = (batch.image(batch.view1, sample), batch.image(batch.view2, sample))
      let visible = all.filter { mask[$0] == 0 }
      let (tokens1, backward1) = encode(image1, visible, ".img1")
      let (tokens2, backward2) = encode(image2, all, ".img2")
      let (prediction, backwardDecoder) = decode(tokens1, tokens2, visible)
      let gradient = addLoss(prediction, image1, all.filter { mask[$0] != 0 || !loss.onMaskedOnly }, counted, loss)
      let (gradient1, gradient2) = backwardDecoder(gradient)
      append("grad_input.img1", backward1(gradient1))
      append("grad_input.img2", backward2(gradient2))
    }
    return outcome
  }

  // MARK: - Encoder

  /// Tokens in decoder channels of some patches of a view; backward gives the image's gradient, [3, H, W].
  private func encode(_ image: [Double], _ places: [Int], _ view: String) -> (Rows, (Rows) -> [Double]) {
    let patches = places.map { patch(image, $0) }
    var input = Rows(places.count, configuration.patchDimension)
    for (row, patch) in patches.enumerated() {
      for (column, value) in patch.enumerated() { input[row, column] = value }
    }
    let (embedded, backwardEmbedding) = linear("patch_embed.proj", input)
    var x = embedded + positions(configuration.encoderDimension).gathered(places)
    append("act.enc_in" + view, x.values)
    var backwards: [(String, Backward)] = []
    for index in 0..<configuration.encoderDepth {
      let name = "enc_blocks.\(index)"
      let (y, backward) = encoderBlock(name, x, places, view)
      append("act." + name + view, y.values)
      backwards.append((name, backward))
      x = y
    }
    let (normalized, backwardNorm) = layerNorm("enc_norm", x)
    append("act.enc_norm" + view, read(normalized).values)
    let (tokens, backwardMap) = linear("decoder_embed", normalized)
    append("act.decoder_embed" + view, tokens.values)
    return (
      tokens,
      { gradient in
        self.append("grad_act.decoder_embed" + view, self.read(gradient).values)
        let normalizedGradient = backwardMap(gradient)
        self.append("grad_act.enc_norm" + view, normalizedGradient.values)
        var gradient = backwardNorm(normalizedGradient)
        for (name, backward) in backwards.reversed() {
          self.append("grad_act." + name + view, gradient.values)
          gradient = backward(gradient)
        }
        self.append("grad_act.enc_in" + view, gradient.values)
        return self.image(backwardEmbedding(gradient), places)
      }
    )
  }

  /// x + attention(norm1(x)), then + mlp(norm2(.)).
  private func encoderBlock(_ name: String, _ x: Rows, _ places: [Int], _ view: String) -> (Rows, Backward) {
    let (normalized1, backwardNorm1) = layerNorm(name + ".norm1", x)
    let (attended, backwardAttention) = selfAttention(
      name + ".attn", normalized1, places, heads: configuration.encoderHeadCount)
    let middle = x + attended
    let (normalized2, backwardNorm2) = layerNorm(name + ".norm2", middle)
    let (branch, backwardBranch) = feedForward(name + ".mlp", normalized2)
    for (part, rows) in [
      (".norm1", read(normalized1)), (".attn", attended), (".norm2", read(normalized2)), (".mlp", branch),
    ] {
      append("act." + name + part + view, rows.values)
    }
    return (
      middle + branch,
      { gradient in
        let middleGradient = gradient + backwardNorm2(backwardBranch(gradient))
        return middleGradient + backwardNorm1(backwardAttention(middleGradient))
      }
    )
  }

  // MARK: - Decoder

  /// The prediction [N, P] from tokens of both views; backward gives the gradients of both.
  private func decode(
    _ tokens1: Rows, _ tokens2: Rows, _ visible: [Int]
  ) -> (Rows, (Rows) -> (tokens1: Rows, tokens2: Rows)) {
    let table = positions(configuration.decoderDimension)
    var x = Rows(configuration.patchCount, configuration.decoderDimension)
    for row in 0..<x.count { for column in 0..<x.columns { x[row, column] = values["mask_token"]![column] } }
    for (token, row) in visible.enumerated() { for c in 0..<x.columns { x[row, c] = tokens1[token, c] } }
    x = x + table
    let context = tokens2 + table
    append("act.dec_in.x", x.values)
    append("act.dec_in.y", context.values)
    var backwards: [(String, (Rows) -> (x: Rows, context: Rows))] = []
    for index in 0..<configuration.decoderDepth {
      let name = "dec_blocks.\(index)"
      let (y, backward) = decoderBlock(name, x, context)
      append("act." + name, y.values)
      backwards.append((name, backward))
      x = y
    }
    let (normalized, backwardNorm) = layerNorm("dec_norm", x)
    append("act.dec_norm", read(normalized).values)
    let (prediction, backwardHead) = linear("prediction_head", normalized)
    append("act.pred", prediction.values)
    return (
      prediction,
      { gradient in
        self.append("grad_act.pred", gradient.values)
        let normalizedGradient = backwardHead(gradient)
        self.append("grad_act.dec_norm", normalizedGradient.values)
        var gradient = backwardNorm(normalizedGradient)
        var contextGradient = Rows(context.count, context.columns)
        for (name, backward) in backwards.reversed() {
          self.append("grad_act." + name, gradient.values)
          let (fromBlock, toContext) = backward(gradient)
          (gradient, contextGradient) = (fromBlock, contextGradient + toContext)
        }
        self.append("grad_act.dec_in.x", gradient.values)
        self.append("grad_act.dec_in.y", contextGradient.values)
        for row in 0..<gradient.count where !visible.contains(row) {
          self.add("mask_token", (0..<gradient.columns).map { gradient[row, $0] })
        }
        return (gradient.gathered(visible), contextGradient)
      }
    )
  }

  /// x + self-attention(norm1(x)), + cross-attention(norm2(.), norm_y(context)), + mlp(norm3(.)).
  private func decoderBlock(
    _ name: String, _ x: Rows, _ context: Rows
  ) -> (Rows, (Rows) -> (x: Rows, context: Rows)) {
    let heads = configuration.decoderHeadCount
    let (normalized1, backwardNorm1) = layerNorm(name + ".norm1", x)
    let (attended, backwardAttention) = selfAttention(name + ".attn", normalized1, Array(0..<x.count), heads: heads)
    let middle1 = x + attended
    let (memory, backwardNormY) =
      configuration.normalizesContext ? layerNorm(name + ".norm_y", context) : (context, { $0 })
    let (normalized2, backwardNorm2) = layerNorm(name + ".norm2", middle1)
    let (crossed, backwardCross) = crossAttention(name + ".cross_attn", normalized2, context: memory, heads: heads)
    let middle2 = middle1 + crossed
    let (normalized3, backwardNorm3) = layerNorm(name + ".norm3", middle2)
    let (branch, backwardBranch) = feedForward(name + ".mlp", normalized3)
    for (part, rows) in [
      (".norm1", read(normalized1)), (".attn", attended), (".norm2", read(normalized2)), (".cross_attn", crossed),
      (".norm3", read(normalized3)), (".mlp", branch),
    ] {
      append("act." + name + part, rows.values)
    }
    if configuration.normalizesContext { append("act." + name + ".norm_y", read(memory).values) }
    return (
      middle2 + branch,
      { gradient in
        let middle2Gradient = gradient + backwardNorm3(backwardBranch(gradient))
        let (fromCross, toContext) = backwardCross(middle2Gradient)
        let middle1Gradient = middle2Gradient + backwardNorm2(fromCross)
        return (middle1Gradient + backwardNorm1(backwardAttention(middle1Gradient)), backwardNormY(toContext))
      }
    )
  }

  // MARK: - Loss

  /// Adds a pair's share of the loss, the mean over the `counted` patches of the batch; returns its gradient. [N, P]
  private func addLoss(
    _ prediction: Rows, _ image: [Double], _ patches: [Int], _ counted: Int, _ loss: LossConfiguration
  ) -> Rows {
    var gradient = Rows(prediction.count, prediction.columns)
    let total = Double(counted * prediction.columns)
    for row in patches {
      var target = patch(image, row, channelsLast: true)
      if loss.normalizesPatches {
        let mean = target.reduce(0, +) / Double(target.count)
        let variance = target.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(target.count - 1)
        target = target.map { ($0 - mean) / (variance + 1e-6).squareRoot() }
      }
      for column in 0..<prediction.columns {
        let difference = prediction[row, column] - target[column]
        let (value, slope) =
          switch loss.kind {
          case .l2: (difference * difference, 2 * difference)
          case .l1: (abs(difference), difference > 0 ? 1.0 : difference < 0 ? -1 : 0)
          }
        outcome.loss += value / total
        gradient[row, column] = slope / total
      }
    }
    return gradient
  }

  // MARK: - Patches, positions, parameters

  /// The pixels' places in [3, H, W] of a patch: channel, row, column as the embedding reads it, or row, column, channel as
  /// it is predicted.
  private func pixels(_ place: Int, channelsLast: Bool) -> [Int] {
    let size = configuration.patchSize
    let (top, left) = (place / configuration.gridWidth * size, place % configuration.gridWidth * size)
    var result: [Int] = []
    for outer in 0..<(channelsLast ? size : 3) {
      for middle in 0..<size {
        for inner in 0..<(channelsLast ? 3 : size) {
          let (channel, y, x) = channelsLast ? (inner, outer, middle) : (outer, middle, inner)
          result.append((channel * configuration.imageHeight + top + y) * configuration.imageWidth + left + x)
        }
      }
    }
    return result
  }

  private func patch(_ image: [Double], _ place: Int, channelsLast: Bool = false) -> [Double] {
    pixels(place, channelsLast: channelsLast).map { image[$0] }
  }

  /// The image's gradient from that of its patches.
  private func image(_ patches: Rows, _ places: [Int]) -> [Double] {
    var result = [Double](repeating: 0, count: 3 * configuration.imageHeight * configuration.imageWidth)
    for (row, place) in places.enumerated() {
      for (column, pixel) in pixels(place, channelsLast: false).enumerated() { result[pixel] += patches[row, column] }
    }
    return result
  }

  /// What is added to the tokens for their positions: sines and cosines of the column, then of the row; zero with RoPE. [N, C]
  private func positions(_ dimension: Int) -> Rows {
    var table = Rows(configuration.patchCount, dimension)
    guard configuration.positionEmbedding == .cosine else { return table }
    let quarter = dimension / 4
    for place in 0..<table.count {
      for k in 0..<quarter {
        let frequency = pow(10000, -Double(k) / Double(quarter))
        let (row, column) = (place / configuration.gridWidth, place % configuration.gridWidth)
        table[place, k] = sin(Double(column) * frequency)
        table[place, quarter + k] = cos(Double(column) * frequency)
        table[place, 2 * quarter + k] = sin(Double(row) * frequency)
        table[place, 3 * quarter + k] = cos(Double(row) * frequency)
      }
    }
    return table
  }

  /// A weight as [outputs, inputs].
  func matrix(_ name: String) -> Rows {
    let outputs = shapes[name]![0]
    var result = Rows(outputs, values[name]!.count / outputs)
    result.values = values[name]!
    return result
  }

  /// Adds to a parameter's gradient.
  func add(_ name: String, _ gradient: [Double]) {
    for (index, value) in gradient.enumerated() { outcome.tensors["grad." + name]![index] += value }
  }

  /// Appends a pair's part of a tensor.
  private func append(_ name: String, _ part: [Double]) { outcome.tensors[name, default: []] += part }
}
