import Kernels

/// The last layers of a network, which depend on the task: they turn features into a prediction.
///
/// A head declares its parameters and takes its buffers in its initialiser, from a ``NetworkPlan``, and ``NetworkLayers``
/// chooses it. An ``Objective`` compares the prediction with what is wanted.
protocol Head<Element>: FeatureReader {
  /// The output, after forward: [rows, columns].
  var prediction: Matrix { get }

  /// Where an objective puts the gradient with respect to the prediction, before backward: [rows, columns].
  var predictionGradient: Matrix { get }

  /// Sets the prediction of the rows of one thread from their features: [rows of the thread, C].
  func forward(_ features: MatrixView<Element>, _ pass: Pass<Element>)
}
