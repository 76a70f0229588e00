internal import CTransformer

/// The distance of a predicted and a target patch, [P] each.
package enum PatchLoss: Sendable {
  /// The sum of squared differences.
  case squared
  /// The sum of absolute differences.
  case absolute

  /// The distance, in double precision (`croco_patch_loss`).
  package func value(_ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, count: Int) -> Double {
    croco_patch_loss(prediction, target, count, flag)
  }

  /// gradient = factor * the distance's gradient with respect to the prediction: [P] (`croco_patch_loss_gradient`).
  package func gradient(
    _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, factor: Float,
    into gradient: UnsafeMutablePointer<Float>, count: Int
  ) {
    croco_patch_loss_gradient(prediction, target, gradient, factor, count, flag)
  }

  /// Normalises a target patch in place: (t - mean) / sqrt(unbiased variance + 1e-6), in double precision
  /// (`croco_normalize_target`).
  package static func normalizeTarget(_ target: UnsafeMutablePointer<Float>, count: Int) {
    croco_normalize_target(target, count)
  }

  private var flag: Int32 { self == .absolute ? 1 : 0 }
}
