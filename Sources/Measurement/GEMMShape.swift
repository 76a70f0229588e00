import CroCoModel
import Kernels
import Runtime

/// A matrix product C = op(A) op(B), with op(A) [m, k], op(B) [k, n], C [m, n].
package struct GEMMShape: Sendable, Equatable, Encodable {
  /// The layer, such as "encoder.qkv".
  package let layer: String
  /// Which of a layer's three products it is.
  package let pass: Pass
  /// The sizes.
  package let m: Int, n: Int, k: Int

  /// The three products of a linear map y = x W^T with W [outputs, inputs].
  package enum Pass: String, Sendable, CaseIterable, Encodable {
    /// y = x W^T.
    case forward
    /// dx = dy W.
    case inputGradient = "dX"
    /// dW = dy^T x.
    case weightGradient = "dW"
  }

  /// Operations; a multiply-add counts as two.
  package var operations: Double { 2 * Double(m) * Double(n) * Double(k) }

  /// The product whose speed stands for the peak: the widest layer of a ViT-B block on four pairs, 216 tokens each.
  static let peak = GEMMShape(layer: "peak", pass: .forward, m: 864, n: 3072, k: 768)
}

/// Runs one product on several workers at once, each with a left factor and a result of its own, as slabs do.
final class GEMMProbe<Element: Operand> {
  let shape: GEMMShape
  private let pool: WorkerPool
  private let right: AlignedBuffer<Element>
  private let left: [AlignedBuffer<Element>]
  private let results: [AlignedBuffer<Float>]

  /// Allocates for all workers of `pool`; bf16 must be possible.
  init(_ shape: GEMMShape, pool: WorkerPool) {
    self.shape = shape
    self.pool = pool
    right = Self.filled(shape.k * shape.n)
    left = (0..<pool.workerCount).map { _ in Self.filled(shape.m * shape.k) }
    results = (0..<pool.workerCount).map { _ in AlignedBuffer(count: shape.m * shape.n) }
  }

  /// GFLOP/s over all workers, `count` times, each over at least 1 GFLOP a worker; one more goes before to warm up.
  func gflops(count: Int) -> [Double] {
    let repetitions = max(1, Int((1e9 / shape.operations).rounded(.up)))
    let work = Double(pool.workerCount * repetitions) * shape.operations
    let all = (0...count).map { _ in
      let milliseconds = Stopwatch.milliseconds {
        pool.run(pool.workerCount) { task, _ in for _ in 0..<repetitions { multiply(task) } }
      }
      return work / milliseconds * 1e-6
    }
    return Array(all.dropFirst())
  }

  private func multiply(_ task: Int) {
    let (transposeA, transposeB) = (shape.pass == .weightGradient, shape.pass == .forward)
    Element.gemm(
      left[task].pointer, lda: transposeA ? shape.m : shape.k, transposeA: transposeA,
      .operands(right.pointer), ldb: transposeB ? shape.k : shape.n, transposeB: transposeB,
      into: results[task].pointer, ldc: shape.n, m: shape.m, n: shape.n, k: shape.k, adding: false)
  }

  /// Numbers that are neither zero nor denormal.
  private static func filled(_ count: Int) -> AlignedBuffer<Element> {
    let values = (0..<count).map { Float($0 % 13) * 0.125 - 0.75 }
    let buffer = AlignedBuffer<Element>(count: count)
    Element.convert(values, into: buffer.pointer, count: count)
    return buffer
  }
}

extension Precision {
  /// GFLOP/s of a product over all workers, measured `count` times; see ``GEMMProbe/gflops(count:)``.
  func gflops(_ shape: GEMMShape, pool: WorkerPool, count: Int) -> [Double] {
    switch self {
    case .fp32: GEMMProbe<Float>(shape, pool: pool).gflops(count: count)
    case .bf16: GEMMProbe<BFloat16>(shape, pool: pool).gflops(count: count)
    }
  }
}
