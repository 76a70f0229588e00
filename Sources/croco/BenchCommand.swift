import ArgumentParser
import CroCoModel
import Foundation
import Tensors

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "bench")
  @Option var preset = "croco_v1_base"
  @Option var batch = 8
  @Option var slabs = 2
  @Option var threads = 2
  @Option var steps = 4
  @Flag var tiny = false

  func run() throws {
    BLAS.prepare()
    var c = ModelConfiguration.preset(preset)!
    if tiny {
      c.positionEmbedding = .rope(base: 100)
      (c.imageHeight, c.imageWidth, c.patchSize) = (64, 64, 8)
      (c.encoderDimension, c.encoderDepth, c.encoderHeadCount) = (192, 4, 3)
      (c.decoderDimension, c.decoderDepth, c.decoderHeadCount) = (192, 3, 3)
    }
    let pool = WorkerPool(workerCount: threads)
    let store = CroCoNet.makeParameters(c)
    ParameterLayout.initialize(store, seed: 1)
    let net = CroCoNet(c, batchSize: batch, slabCount: slabs, parameters: store, pool: pool)
    let loss = MaskedLoss(LossConfiguration(), c, batchSize: batch, slabCount: slabs, pool: pool)
    let image = AlignedBuffer<Float>(count: batch * 3 * c.imageHeight * c.imageWidth)
    var r = RandomStream(seed: 1, purpose: .test)
    for i in 0..<image.count { image.pointer[i] = r.nextNormal() }
    let mask = AlignedBuffer<UInt8>(count: batch * c.patchCount)
    for b in 0..<batch { for n in 0..<c.maskedCount { mask.pointer[b * c.patchCount + n] = 1 } }
    print("core", BLAS.coreName, BLAS.kernelLevel, "activations MB", CroCoNet.activationBytes(c, batchSize: batch, slabCount: slabs, workerCount: threads) >> 20)
    let count = OperationCount(c)
    for _ in 0..<steps {
      let t0 = Date()
      net.forward(view1: image.pointer, view2: image.pointer, mask: mask.pointer)
      let t1 = Date()
      let l = loss.forward(prediction: net.prediction.baseAddress!, view1: image.pointer, mask: mask.pointer)
      net.backward(predictionGradient: loss.gradient(scale: 1))
      let t2 = Date()
      let total = t2.timeIntervalSince(t0)
      print(l, "forward", t1.timeIntervalSince(t0), "backward", t2.timeIntervalSince(t1), "total", total, "GFLOP/s", count.forwardAndBackward * Double(batch) / total / 1e9)
    }
    // sgemm peak
    let n = 1024
    let a = AlignedBuffer<Float>(count: n * n * 2 * 3)
    for _ in 0..<3 {
      let t0 = Date()
      pool.run(threads) { _, w in
        for _ in 0..<10 { BLAS.gemm(a.pointer, lda: n, a.pointer + n * n, ldb: n, transposeB: true, into: a.pointer + (2 + w) * n * n, ldc: n, m: n, n: n, k: n) }
      }
      let ops: Double = 20.0 * Double(n * n * n) * Double(threads)
      print("sgemm peak GFLOP/s", ops / Date().timeIntervalSince(t0) / 1e9)
    }
  }
}
