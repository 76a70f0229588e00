import Kernels

/// What training minimises: it turns a prediction, and what it is for, into a loss and its gradient.
///
/// ``LossConfiguration/makeObjective(_:batchSize:slabCount:pool:)`` makes the one that a run is configured for.
package protocol Objective: AnyObject {
  /// The mean loss of a pass.
  ///
  /// - Parameter prediction: of a head, [rows, columns].
  func loss(of prediction: Matrix, for input: NetworkInput) -> Double

  /// gradient = that of `scale` times the loss with respect to the prediction: [rows, columns].
  func formGradient(of prediction: Matrix, for input: NetworkInput, scale: Double, into gradient: Matrix)
}
