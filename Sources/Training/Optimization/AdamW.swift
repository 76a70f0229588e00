import CroCoModel
import Foundation
import Kernels
import Runtime

/// AdamW over the flat buffers of a parameter store, in fixed chunks, so that the threads do not touch the result.
///
/// Source: Loshchilov, Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, algorithm 2; epsilon stands
/// outside the
/// root, after bias correction, and weight decay multiplies the value by 1 - lr * decay before the update.
package final class AdamW {
  /// The moments of the parameters that it updates, range after range, [their count].
  package let moments: Moments

  private struct Chunk {
    let range: Range<Int>
    let place: Int  // of its moments
    let isDecayed: Bool
  }

  private let configuration: OptimizerConfiguration
  private let parameters: ParameterStore
  private let pool: WorkerPool
  private let owned: [Range<Int>]
  private let chunks: [Chunk]

  /// The most floats of a chunk: large against a task's overhead, small against a worker's share.
  private static let chunkSize = 1 << 16

  /// Allocates moments of zero.
  ///
  /// - Parameters:
  ///   - owned: the elements of the store's flat buffers to update, in ascending order; nil: all.
  ///   - frozen: parameters that are not updated. Their moments stay zero, so that checkpoints have one form.
  package init(
    _ configuration: OptimizerConfiguration, parameters: ParameterStore, owned: [Range<Int>]? = nil,
    frozen: FrozenParameters = .none, pool: WorkerPool
  ) {
    self.configuration = configuration
    self.parameters = parameters
    self.pool = pool
    let owned = owned ?? [0..<parameters.count]
    self.owned = owned
    moments = Moments(
      count: owned.reduce(0) { $0 + $1.count }, withAverage: configuration.averageDecay != nil)
    chunks = Self.chunks(of: owned, parameters.parameters, frozen)
    beginAverage()
  }

  /// Lets the running mean of the values begin with those that are there now.
  func beginAverage() {
    guard var place = moments.average?.pointer else { return }
    for range in owned {
      place.update(from: parameters.values.pointer + range.lowerBound, count: range.count)
      place += range.count
    }
  }

  /// Cuts what is owned where parameters end, and into chunks.
  private static func chunks(
    of owned: [Range<Int>], _ parameters: [ParameterStore.Parameter], _ frozen: FrozenParameters
  ) -> [Chunk] {
    var chunks: [Chunk] = []
    var place = 0
    var candidates = parameters[...]
    for range in owned {
      candidates = candidates.drop { $0.range.upperBound <= range.lowerBound }
      for parameter in candidates.prefix(while: { $0.range.lowerBound < range.upperBound }) {
        let part = parameter.range.clamped(to: range)
        for start in stride(from: part.lowerBound, to: part.upperBound, by: chunkSize) {
          let chunk = start..<min(start + chunkSize, part.upperBound)
          if !frozen.contains(parameter) {
            chunks.append(Chunk(range: chunk, place: place, isDecayed: parameter.isDecayed))
          }
          place += chunk.count
        }
      }
    }
    return chunks
  }

  /// Updates the parameters that it owns from their gradients.
  ///
  /// - Parameters:
  ///   - step: the number of this update, from 1.
  ///   - learningRate: the rate of this update.
  ///   - gradientScale: multiplies every gradient first; see ``clippingFactor(norm:)``.
  package func update(step: Int, learningRate: Double, gradientScale: Float) {
    precondition(step >= 1, "AdamW counts its updates from 1, not \(step)")
    let (beta1, beta2) = (configuration.betas[0], configuration.betas[1])
    let rule = AdamWUpdate(
      gradientScale: gradientScale, betas: (Float(beta1), Float(beta2)),
      stepSize: Float(learningRate / (1 - pow(beta1, Double(step)))),
      rootCorrection: Float((1 - pow(beta2, Double(step))).squareRoot()), epsilon: Float(configuration.epsilon))
    let retained = Float(1 - learningRate * configuration.weightDecay)
    let (values, gradients) = (parameters.values.pointer, parameters.gradients.pointer)
    let (first, second, average) = (moments.first.pointer, moments.second.pointer, moments.average?.pointer)
    let share = averageShare(step: step)
    pool.run(chunks.count) { task, _ in
      let chunk = chunks[task]
      let (start, place) = (chunk.range.lowerBound, chunk.place)
      rule.apply(
        to: values + start, gradients: gradients + start, moments: (first + place, second + place),
        count: chunk.range.count, retained: chunk.isDecayed ? retained : 1)
      guard let average else { return }
      for index in 0..<chunk.range.count {
        average[place + index] += share * (values[start + index] - average[place + index])
      }
    }
  }

  /// What a step's values count in their running mean: 1 - min(decay, (1 + t) / (10 + t)) in step t, so that the values before
  /// training are soon forgotten.
  ///
  /// Source: `ExponentialMovingAverage` of TensorFlow with its argument `num_updates`.
  private func averageShare(step: Int) -> Float {
    guard let decay = configuration.averageDecay else { return 0 }
    return Float(1 - min(decay, Double(1 + step) / Double(10 + step)))
  }

  /// What every gradient is multiplied by so that the norm stays within `clip_grad`: min(1, clip / (norm + 1e-6)).
  package func clippingFactor(norm: Double) -> Float {
    guard let limit = configuration.gradientClip else { return 1 }
    return Float(min(1, limit / (norm + 1e-6)))
  }
}
