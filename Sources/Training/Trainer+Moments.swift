import Foundation
import Runtime

/// The moments of all parameters, of which each rank may hold only those that it owns: how checkpoints get and give them.
extension Trainer {
  /// Copies the moments of all parameters to rank 0's `whole`; the other ranks need none. Collective.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where communication fails.
  func collectMoments(into whole: Moments?) throws(Failure) {
    for index in optimizer.moments.buffers.indices {
      let own = optimizer.moments.buffers[index]
      if let ownership {
        try ownership.collect(own, into: whole?.buffers[index], by: communicator)
      } else if let target = whole?.buffers[index] {
        memcpy(target.pointer, own.pointer, own.count * MemoryLayout<Float>.stride)
      }
    }
  }

  /// Where rank 0 puts the moments of all parameters before it calls ``distributeMoments(from:)``.
  var wholeMoments: Moments {
    ownership == nil
      ? optimizer.moments : Moments(count: parameters.count, withAverage: optimizer.moments.average != nil)
  }

  /// Gives every rank what it holds of rank 0's `whole`, which came from ``wholeMoments``. Collective.
  ///
  /// - Throws: `Failure` of kind `inputOutput` where communication fails.
  func distributeMoments(from whole: Moments?) throws(Failure) {
    for index in optimizer.moments.buffers.indices {
      let own = optimizer.moments.buffers[index]
      if let ownership {
        try ownership.distribute(whole?.buffers[index], into: own, by: communicator)
      } else {
        try communicator.broadcast(UnsafeMutableRawBufferPointer(own.elements), from: 0)
      }
    }
  }
}
