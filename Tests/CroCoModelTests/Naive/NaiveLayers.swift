import CroCoModel
import Foundation
import Kernels

/// The layers of ``NaiveNetwork``: each returns its output, and what makes its input's gradient of its output's gradient.
///
/// `read` marks what matrix products read: with bf16, that is where the fast network rounds.
extension NaiveNetwork {
  typealias Backward = (Rows) -> Rows

  /// x W^T + b; backward adds to the gradients of W and b. [rows, inputs] -> [rows, outputs]
  func linear(_ name: String, _ x: Rows) -> (Rows, Backward) {
    let weight = read(matrix(name + ".weight")), input = read(x)  // [outputs, inputs]
    var y = input.times(weight.transposed)
    for row in 0..<y.count {
      for column in 0..<y.columns { y[row, column] += values[name + ".bias"]![column] }
    }
    return (
      y,
      { gradient in
        let gradient = self.read(gradient)
        self.add(name + ".weight", gradient.transposed.times(input).values)
        self.add(name + ".bias", self.columnSums(gradient))
        return gradient.times(weight)
      }
    )
  }

  /// (x - mean) / sqrt(variance + 1e-6) * weight + bias, the variance over C. [rows, C]
  func layerNorm(_ name: String, _ x: Rows) -> (Rows, Backward) {
    let weight = values[name + ".weight"]!, bias = values[name + ".bias"]!
    let channels = Double(x.columns)
    var normal = x, y = x
    var scales: [Double] = []
    for row in 0..<x.count {
      let mean = (0..<x.columns).reduce(0) { $0 + x[row, $1] } / channels
      let variance = (0..<x.columns).reduce(0) { $0 + (x[row, $1] - mean) * (x[row, $1] - mean) } / channels
      scales.append(1 / (variance + 1e-6).squareRoot())
      for column in 0..<x.columns {
        normal[row, column] = (x[row, column] - mean) * scales[row]
        y[row, column] = normal[row, column] * weight[column] + bias[column]
      }
    }
    return (
      y,
      { gradient in
        self.add(name + ".weight", self.columnSums(gradient * normal))
        self.add(name + ".bias", self.columnSums(gradient))
        var result = gradient
        for row in 0..<x.count {
          let u = (0..<x.columns).map { gradient[row, $0] * weight[$0] }
          let meanU = u.reduce(0, +) / channels
          let meanUN = (0..<x.columns).reduce(0) { $0 + u[$1] * normal[row, $1] } / channels
          for column in 0..<x.columns {
            result[row, column] = scales[row] * (u[column] - meanU - normal[row, column] * meanUN)
          }
        }
        return result
      }
    )
  }

  /// Linear, exact GELU, linear. Backward forms GELU again from the hidden values that were kept.
  func feedForward(_ name: String, _ x: Rows) -> (Rows, Backward) {
    let (hidden, expansionBackward) = linear(name + ".fc1", x)
    let kept = read(hidden)
    let (y, _) = linear(name + ".fc2", hidden.map(gelu))
    return (
      y,
      { gradient in
        let (_, contractionBackward) = self.linear(name + ".fc2", kept.map(self.gelu))
        return expansionBackward(self.read(contractionBackward(gradient) * kept.map(self.geluSlope)))
      }
    )
  }

  /// Self-attention of rows at the patches `places`. [rows, C]
  func selfAttention(_ name: String, _ x: Rows, _ places: [Int], heads: Int) -> (Rows, Backward) {
    let channels = x.columns
    let (joint, jointBackward) = linear(name + ".qkv", x)
    let parts = (0..<3).map { read(joint.slice($0 * channels..<($0 + 1) * channels)) }
    let (query, key) = (rotated(parts[0], places, heads), rotated(parts[1], places, heads))
    let (output, attentionBackward) = attention(query, key, parts[2], heads)
    let (y, projectionBackward) = linear(name + ".proj", output)
    return (
      y,
      { gradient in
        let (dq, dk, dv) = attentionBackward(self.read(projectionBackward(gradient)))
        var jointGradient = Rows(x.count, 3 * channels)
        jointGradient.set(0..<channels, self.rotated(dq, places, heads, direction: -1))
        jointGradient.set(channels..<2 * channels, self.rotated(dk, places, heads, direction: -1))
        jointGradient.set(2 * channels..<3 * channels, dv)
        return jointBackward(jointGradient)
      }
    )
  }

  /// Attention of x to the context; both hold all patches in raster order. Backward gives the gradients of both. [N, C]
  func crossAttention(
    _ name: String, _ x: Rows, context: Rows, heads: Int
  ) -> (Rows, (Rows) -> (x: Rows, context: Rows)) {
    let places = Array(0..<x.count)
    let (query, queryBackward) = linear(name + ".projq", x)
    let (key, keyBackward) = linear(name + ".projk", context)
    let (value, valueBackward) = linear(name + ".projv", context)
    let (output, attentionBackward) = attention(
      rotated(read(query), places, heads), rotated(read(key), places, heads), read(value), heads)
    let (y, projectionBackward) = linear(name + ".proj", output)
    return (
      y,
      { gradient in
        let (dq, dk, dv) = attentionBackward(self.read(projectionBackward(gradient)))
        let fromQuery = queryBackward(self.rotated(dq, places, heads, direction: -1))
        return (fromQuery, keyBackward(self.rotated(dk, places, heads, direction: -1)) + valueBackward(dv))
      }
    )
  }

  /// softmax(q k^T / sqrt(d)) v, head by head. [queries, C], [keys, C], [keys, C] -> [queries, C]
  private func attention(
    _ query: Rows, _ key: Rows, _ value: Rows, _ heads: Int
  ) -> (Rows, (Rows) -> (query: Rows, key: Rows, value: Rows)) {
    let size = query.columns / heads
    let scale = 1 / Double(size).squareRoot()
    func columns(_ head: Int) -> Range<Int> { head * size..<(head + 1) * size }
    var output = Rows(query.count, query.columns)
    var probabilities: [Rows] = []
    for head in 0..<heads {
      var p = query.slice(columns(head)).times(key.slice(columns(head)).transposed).map { $0 * scale }
      for row in 0..<p.count {
        let top = (0..<p.columns).map { p[row, $0] }.max() ?? 0
        for column in 0..<p.columns { p[row, column] = exp(p[row, column] - top) }
        let sum = (0..<p.columns).reduce(0) { $0 + p[row, $1] }
        for column in 0..<p.columns { p[row, column] /= sum }
      }
      probabilities.append(p)
      output.set(columns(head), read(p).times(value.slice(columns(head))))
    }
    return (
      read(output),
      { gradient in
        var (dq, dk, dv) = (Rows(query.count, query.columns), Rows(key.count, key.columns), value)
        for head in 0..<heads {
          let p = probabilities[head], g = gradient.slice(columns(head))
          var logits = g.times(value.slice(columns(head)).transposed)  // their gradient, [queries, keys]
          for row in 0..<p.count {
            let mean = (0..<p.columns).reduce(0) { $0 + p[row, $1] * logits[row, $1] }
            for column in 0..<p.columns {
              logits[row, column] = p[row, column] * (logits[row, column] - mean) * scale
            }
          }
          logits = self.read(logits)
          dq.set(columns(head), logits.times(key.slice(columns(head))))
          dk.set(columns(head), logits.transposed.times(query.slice(columns(head))))
          dv.set(columns(head), self.read(p).transposed.times(g))
        }
        return (self.read(dq), self.read(dk), self.read(dv))
      }
    )
  }

  /// Each head's first half turned by the patch's row, its second by its column: pairs (i, i + d / 4) by the angles
  /// position / base^(2 i / (d / 2)), formed in float32 as officially. Does nothing without RoPE.
  private func rotated(_ x: Rows, _ places: [Int], _ heads: Int, direction: Double = 1) -> Rows {
    guard case .rope(let base) = configuration.positionEmbedding else { return x }
    var result = x
    let size = x.columns / heads
    let quarter = size / 4
    for (row, place) in places.enumerated() {
      let coordinates = [place / configuration.gridWidth, place % configuration.gridWidth]
      for head in 0..<heads {
        for half in 0..<2 {
          for i in 0..<quarter {
            let frequency = 1 / Float(pow(Double(base), Double(2 * i) / Double(size / 2)))
            let angle = direction * Double(Float(coordinates[half]) * frequency)
            let first = head * size + half * 2 * quarter + i
            let (a, b) = (x[row, first], x[row, first + quarter])
            result[row, first] = a * cos(angle) - b * sin(angle)
            result[row, first + quarter] = b * cos(angle) + a * sin(angle)
          }
        }
      }
    }
    return read(result)
  }

  private func gelu(_ x: Double) -> Double { x * 0.5 * (1 + erf(x / 2.0.squareRoot())) }

  private func geluSlope(_ x: Double) -> Double {
    0.5 * (1 + erf(x / 2.0.squareRoot())) + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
  }

  private func columnSums(_ x: Rows) -> [Double] {
    (0..<x.columns).map { column in (0..<x.count).reduce(0) { $0 + x[$1, column] } }
  }

  /// As matrix products read it: rounded to bf16 where the network is one of bf16.
  func read(_ x: Rows) -> Rows { roundsOperands ? x.map { Double(BFloat16(Float($0)).float) } : x }
}
