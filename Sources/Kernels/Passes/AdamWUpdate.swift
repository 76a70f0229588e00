internal import CTransformer

/// The constants of one AdamW update, the same for all elements.
///
/// Source: Loshchilov, Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, algorithm 2. Clones for different
/// instruction sets give the same bits.
package struct AdamWUpdate: Sendable {
  /// What every gradient is multiplied by first.
  package var gradientScale: Float
  /// Decay of the first and the second moment.
  package var betas: (first: Float, second: Float)
  /// Learning rate / (1 - beta1^t).
  package var stepSize: Float
  /// sqrt(1 - beta2^t).
  package var rootCorrection: Float
  /// What keeps the denominator from zero.
  package var epsilon: Float

  /// Gathers the constants.
  package init(
    gradientScale: Float, betas: (first: Float, second: Float), stepSize: Float, rootCorrection: Float, epsilon: Float
  ) {
    (self.gradientScale, self.betas) = (gradientScale, betas)
    (self.stepSize, self.rootCorrection, self.epsilon) = (stepSize, rootCorrection, epsilon)
  }

  /// Updates `count` values and their moments (`croco_adamw`).
  ///
  /// - Parameter retained: 1 - learning rate * weight decay, or 1 where nothing decays.
  package func apply(
    to values: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
    moments: (first: UnsafeMutablePointer<Float>, second: UnsafeMutablePointer<Float>), count: Int, retained: Float
  ) {
    var step = croco_adamw_step(
      gradient_scale: gradientScale, beta1: betas.first, beta2: betas.second, step_size: stepSize,
      root_correction: rootCorrection, epsilon: epsilon)
    croco_adamw(values, gradients, moments.first, moments.second, count, retained, &step)
  }
}

/// The sum of squares in double precision, in a fixed order (`croco_sum_of_squares`).
package func sumOfSquares(_ values: UnsafePointer<Float>, count: Int) -> Double { croco_sum_of_squares(values, count) }
