import Foundation
import Kernels
import PairData
import Runtime

/// Batches of images or pairs, normalised; while one is in use, the next is read and decoded by threads of its own.
final class ViewBatches {
  /// A batch.
  struct Batch {
    /// Which of the source's images or pairs these are; the last batch may have fewer than the others.
    let samples: Range<Int>
    /// A matrix for each view: [B, 3 * H * W].
    let views: [Matrix]
    /// Those that cannot be used, by their numbers in the source, and why.
    let failures: [(sample: Int, failure: Failure)]
  }

  /// Images or pairs of a batch, B.
  let batchSize: Int

  private let source: ViewSource
  private let size: PixelSize
  private let pool: WorkerPool
  private let queue = DispatchQueue(label: "croco.features.loading")
  private let buffers: [AlignedBuffer<Float>]  // 2 x [views, B, 3, H, W]
  private var pending: PendingBatch?
  private var position = 0  // of the first that is not asked for yet

  /// What `source` has, which is of the size `size`, in order.
  init(_ source: ViewSource, size: PixelSize, batchSize: Int, threadCount: Int) {
    self.source = source
    self.size = size
    self.batchSize = batchSize
    pool = WorkerPool(workerCount: threadCount, name: "croco-load")
    let count = source.viewCount * batchSize * size.imageCount
    buffers = (0..<2).map { _ in AlignedBuffer(count: count) }
    begin()
  }

  deinit { pending?.done.wait() }

  /// A batch on its way; the queue and then the waiter use it, never both at once.
  private final class PendingBatch: @unchecked Sendable {
    let samples: Range<Int>
    let buffer: AlignedBuffer<Float>
    let done = DispatchGroup()
    var failures: [(sample: Int, failure: Failure)] = []

    init(_ samples: Range<Int>, _ buffer: AlignedBuffer<Float>) { (self.samples, self.buffer) = (samples, buffer) }
  }

  /// The next batch, in order; nil after the last. The batch before may be overwritten from now on.
  func next() -> Batch? {
    guard let batch = pending else { return nil }
    batch.done.wait()
    begin()
    let columns = size.imageCount
    let views = (0..<source.viewCount).map { view in
      Matrix(batch.buffer.pointer + view * batchSize * columns, rows: batchSize, columns: columns)
    }
    return Batch(samples: batch.samples, views: views, failures: batch.failures)
  }

  private func begin() {
    let samples = position..<min(source.names.count, position + batchSize)
    pending = samples.isEmpty ? nil : PendingBatch(samples, buffers[position / batchSize % 2])
    position = samples.upperBound
    guard let pending else { return }
    let (source, size, batchSize, pool) = (source, size, batchSize, pool)
    queue.async(group: pending.done) { pending.failures = Self.fill(pending, of: batchSize, source, size, pool) }
  }

  private static func fill(
    _ batch: PendingBatch, of batchSize: Int, _ source: ViewSource, _ size: PixelSize, _ pool: WorkerPool
  ) -> [(sample: Int, failure: Failure)] {
    let results = pool.map(batch.samples.count) { task, _ in
      for (view, image) in try source.views(batch.samples.lowerBound + task).enumerated() {
        let planes = PlanarImage(height: size.height, width: size.width)
        planes.copy(image, top: 0, left: 0)
        Normalization.imageNet.write(
          planes, to: batch.buffer.pointer + (view * batchSize + task) * size.imageCount)
      }
    }
    return results.enumerated().compactMap { task, result in
      guard case .failure(let error) = result else { return nil }
      let failure = error as? Failure ?? Failure(.badData, "An image cannot be read: \(error)")
      return (batch.samples.lowerBound + task, failure)
    }
  }
}

extension PixelSize {
  /// The numbers of an image of three channels.
  fileprivate var imageCount: Int { 3 * height * width }
}
