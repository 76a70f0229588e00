import Foundation
import PairData
import Runtime

/// Batches of images, normalised; while one is in use, the next is read and decoded by threads of its own.
final class ImageBatches {
  /// Images of a batch, B.
  let batchSize: Int

  private let source: ImageSource
  private let size: PixelSize
  private let pool: WorkerPool
  private let queue = DispatchQueue(label: "croco.features.loading")
  private let buffers: [AlignedBuffer<Float>]  // 2 x [B, 3, H, W]
  private var pending: PendingBatch?
  private var position = 0  // of the first image that is not asked for yet

  /// The images of `source`, which have the size `size`, in order.
  init(_ source: ImageSource, size: PixelSize, batchSize: Int, threadCount: Int) {
    self.source = source
    self.size = size
    self.batchSize = batchSize
    pool = WorkerPool(workerCount: threadCount, name: "croco-load")
    buffers = (0..<2).map { _ in AlignedBuffer(count: batchSize * 3 * size.height * size.width) }
    begin()
  }

  deinit { pending?.done.wait() }

  /// A batch on its way; the queue and then the waiter use it, never both at once.
  private final class PendingBatch: @unchecked Sendable {
    let images: Range<Int>
    let buffer: AlignedBuffer<Float>
    let done = DispatchGroup()
    var failure: Failure?

    init(_ images: Range<Int>, _ buffer: AlignedBuffer<Float>) { (self.images, self.buffer) = (images, buffer) }
  }

  /// The next images in order, [B, 3, H, W], of which the last batch may have fewer; nil after them. The batch before may be
  /// overwritten from now on.
  ///
  /// - Throws: the `Failure` of the first image that cannot be used.
  func next() throws(Failure) -> (images: Range<Int>, values: AlignedBuffer<Float>)? {
    guard let batch = pending else { return nil }
    batch.done.wait()
    if let failure = batch.failure { throw failure }
    begin()
    return (batch.images, batch.buffer)
  }

  private func begin() {
    let images = position..<min(source.names.count, position + batchSize)
    pending = images.isEmpty ? nil : PendingBatch(images, buffers[position / batchSize % 2])
    position = images.upperBound
    guard let pending else { return }
    let (source, size, pool) = (source, size, pool)
    queue.async(group: pending.done) { pending.failure = Self.fill(pending, source, size, pool) }
  }

  private static func fill(
    _ batch: PendingBatch, _ source: ImageSource, _ size: PixelSize, _ pool: WorkerPool
  ) -> Failure? {
    let values = 3 * size.height * size.width
    let results = pool.map(batch.images.count) { task, _ in
      let image = try source.image(batch.images.lowerBound + task)
      let planes = PlanarImage(height: size.height, width: size.width)
      planes.copy(image, top: 0, left: 0)
      Normalization.imageNet.write(planes, to: batch.buffer.pointer + task * values)
    }
    for case .failure(let error) in results {
      return error as? Failure ?? Failure(.badData, "An image cannot be read: \(error)")
    }
    return nil
  }
}
