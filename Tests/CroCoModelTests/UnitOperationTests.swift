import CTransformer
import CroCoModel
import Kernels
import Runtime
import TestSupport
import Testing

/// Single operations on inputs that expose wrong constants: nearly constant rows, large logits, nearly flat patches.
@Suite struct UnitOperationTests {
  let reference: ReferenceCase

  init() throws { reference = try ReferenceCase("unit_ops") }

  @Test("Layer norm and its gradients")
  func layerNorm() throws {
    let (x, weight, bias) = (
      try reference("layernorm.x"), try reference("layernorm.weight"), try reference("layernorm.bias")
    )
    let cotangent = try reference("layernorm.cotangent")
    var out = x, gradient = x, again = x
    var mean = [Float](repeating: 0, count: 5), scale = mean
    var weightGradient = [Float](repeating: 0, count: 16), biasGradient = weightGradient
    croco_layer_norm(x, weight, bias, &out, &mean, &scale, 5, 16)
    croco_layer_norm_backward(
      cotangent, x, mean, scale, weight, bias, nil, &gradient, nil, &weightGradient, &biasGradient, &again, 5, 16)
    #expect(relativeDifference(out, try reference("layernorm.out")) < 5e-6)
    #expect(relativeDifference(again, out) < 1e-6)
    #expect(relativeDifference(gradient, try reference("layernorm.grad_x")) < 5e-6)
    #expect(relativeDifference(weightGradient, try reference("layernorm.grad_weight")) < 5e-6)
    #expect(relativeDifference(biasGradient, try reference("layernorm.grad_bias")) < 5e-6)
  }

  @Test("Exact GELU and its slope")
  func gelu() throws {
    let x = try reference("gelu.x")
    var pre = x, out = x, again = x
    let zero = [Float](repeating: 0, count: x.count)
    croco_bias_gelu(&pre, zero, &out, 1, x.count)
    var slope = [Float](repeating: 1, count: x.count)
    croco_gelu_backward(&slope, x, &again, x.count)
    #expect(relativeDifference(out, try reference("gelu.out")) < 1e-6)
    #expect(again == out)
    #expect(relativeDifference(slope, try reference("gelu.grad")) < 1e-6)
    #expect(largestDifference(slope, try reference("gelu.grad")) < 1e-6)
  }

  @Test("Self-attention with large logits, and its gradient")
  func selfAttention() throws {
    let result = try attention(
      query: "attn.qkv", rows: 0..<16, keyValue: ("attn.qkv", 16..<32, "attn.qkv", 32..<48), output: "attn.proj",
      memory: "attention.x", tokens: 7)
    #expect(relativeDifference(result.output, try reference("attention.self_out")) < 1e-5)
    let gradient = zip(result.queryInput, result.memory).map { $0 + $1 }
    #expect(relativeDifference(gradient, try reference("attention.self_grad_x")) < 1e-5)
  }

  @Test("Cross-attention with large logits, and its gradients")
  func crossAttention() throws {
    let result = try attention(
      query: "cross_attn.projq", rows: 0..<16,
      keyValue: ("cross_attn.projk", 0..<16, "cross_attn.projv", 0..<16), output: "cross_attn.proj",
      memory: "attention.y", tokens: 5)
    #expect(relativeDifference(result.output, try reference("attention.cross_out")) < 1e-5)
    #expect(relativeDifference(result.queryInput, try reference("attention.cross_grad_x")) < 1e-5)
    #expect(relativeDifference(result.memory, try reference("attention.cross_grad_y")) < 1e-5)
  }

  @Test("Loss and its gradient on nearly flat patches, with unequal masks", arguments: [true, false], [true, false])
  func loss(normalizes: Bool, masked: Bool) throws {
    var model = ModelConfiguration()
    model.patchSize = 2
    (model.imageHeight, model.imageWidth) = (4, 6)
    var configuration = LossConfiguration()
    configuration.normalizesPatches = normalizes
    configuration.onMaskedOnly = masked
    let loss = configuration.makeObjective(
      model, batchSize: 2, slabCount: 2, pool: WorkerPool(workerCount: 1))
    let image = ReferenceRun.buffer(
      Patchify.images(of: try reference("loss.target"), height: 4, width: 6, patchSize: 2))
    let mask = ReferenceRun.buffer(try reference.tensors.bytes("loss.mask"))
    let input = ReferenceRun.input(image, image, mask, 2)
    let prediction = ReferenceRun.buffer(try reference("loss.pred"))
    let patches = Matrix(prediction.pointer, rows: mask.count, columns: model.patchDimension)
    let value = loss.loss(of: patches, for: input)
    let name = "\(normalizes ? "norm" : "raw")_pix.\(masked ? "masked" : "all")"
    let expected = try reference.scalar("loss." + name)
    #expect(abs(value / expected - 1) < 2e-5)
    let buffer = AlignedBuffer<Float>(count: prediction.count)
    loss.formGradient(
      of: patches, for: input, scale: 1,
      into: Matrix(buffer.pointer, rows: patches.rows, columns: patches.columns))
    let gradient = Array(buffer.elements)
    #expect(relativeDifference(gradient, try reference("loss.grad_pred." + name)) < 2e-4)
  }

  // MARK: - Attention by hand around the core: linear maps, heads of 8, batch 2

  private struct AttentionResult {
    var output: [Float] = []
    var queryInput: [Float] = []
    var memory: [Float] = []
  }

  private func attention(
    query: String, rows: Range<Int>, keyValue: (String, Range<Int>, String, Range<Int>), output: String, memory: String,
    tokens: Int
  ) throws -> AttentionResult {
    let x = try reference("attention.x"), y = try reference(memory), cotangent = try reference("attention.cotangent")
    var result = AttentionResult()
    for sample in 0..<2 {
      let input = Array(x[sample * 7 * 16..<(sample + 1) * 7 * 16])
      let other = Array(y[sample * tokens * 16..<(sample + 1) * tokens * 16])
      var q = try linear(query, rows, input)
      var k = try linear(keyValue.0, keyValue.1, other)
      var v = try linear(keyValue.2, keyValue.3, other)
      var o = [Float](repeating: 0, count: 7 * 16), logSum = [Float](repeating: 0, count: 14)
      let memory = AlignedBuffer<Float>(count: 2 * 7 * tokens)
      var taken = 0
      let scratch = AttentionCore<Float>.Scratch(capacity: 7 * tokens) { count in
        defer { taken += count }
        return memory.pointer + taken
      }
      let core = AttentionCore<Float>(headSize: 8)
      forEachHead(&q, &k, &v, &o) { index, head, o in
        logSum.withUnsafeMutableBufferPointer {
          core.forward(head, into: o, logSum: $0.baseAddress! + 7 * index, scratch)
        }
      }
      result.output += try linear(output, 0..<16, o)
      var outputGradient = try transposed(output, 0..<16, Array(cotangent[sample * 112..<(sample + 1) * 112]))
      var dq = q, dk = k, dv = v
      forEachHead(&q, &k, &v, &outputGradient) { index, head, g in
        forEachHead(&dq, &dk, &dv, &o) { other, gradients, _ in
          guard index == other else { return }
          logSum.withUnsafeBufferPointer {
            core.backward(
              head, outputGradient: g, logSum: $0.baseAddress! + 7 * index, into: gradients, scratch)
          }
        }
      }
      result.queryInput += try transposed(query, rows, dq)
      let (fromKey, fromValue) = (
        try transposed(keyValue.0, keyValue.1, dk), try transposed(keyValue.2, keyValue.3, dv)
      )
      result.memory += zip(fromKey, fromValue).map { $0 + $1 }
    }
    return result
  }

  private func forEachHead(
    _ q: inout [Float], _ k: inout [Float], _ v: inout [Float], _ o: inout [Float],
    _ body: (_ index: Int, _ head: AttentionOperands<Float>, _ output: Matrix) -> Void
  ) {
    q.withUnsafeMutableBufferPointer { q in
      k.withUnsafeMutableBufferPointer { k in
        v.withUnsafeMutableBufferPointer { v in
          o.withUnsafeMutableBufferPointer { o in
            for head in 0..<2 {
              let views = [q, k, v, o].map {
                Matrix($0.baseAddress!, rows: $0.count / 16, columns: 16).columns(8 * head..<8 * (head + 1))
              }
              body(head, AttentionOperands(query: views[0], key: views[1], value: views[2]), views[3])
            }
          }
        }
      }
    }
  }

  /// x W^T + b with the rows `rows` of the reference's weight, in double precision.
  private func linear(_ name: String, _ rows: Range<Int>, _ x: [Float]) throws -> [Float] {
    let weight = try reference("attention.\(name).weight"), bias = try reference("attention.\(name).bias")
    return (0..<x.count / 16).flatMap { row in
      rows.map { out in
        Float((0..<16).reduce(Double(bias[out])) { $0 + Double(x[row * 16 + $1]) * Double(weight[out * 16 + $1]) })
      }
    }
  }

  /// g W, the gradient through a linear map.
  private func transposed(_ name: String, _ rows: Range<Int>, _ g: [Float]) throws -> [Float] {
    let weight = try reference("attention.\(name).weight")
    return (0..<g.count / 16).flatMap { row in
      (0..<16).map { input in
        Float(
          (0..<16).reduce(0.0) {
            $0 + Double(g[row * 16 + $1]) * Double(weight[(rows.lowerBound + $1) * 16 + input])
          })
      }
    }
  }
}
