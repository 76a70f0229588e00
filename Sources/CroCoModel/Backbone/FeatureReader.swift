import Kernels

/// What reads the features at the end of an encoder or decoder, and begins its backward pass: a head, or the decoder's input.
///
/// Features are the normalised output of the last block, C channels.
protocol FeatureReader<Element> {
  associatedtype Element: MatrixElement

  /// Where the parameters lie in the store.
  var range: Range<Int> { get }

  /// featureGradient = gradient with respect to the features: [rows of the thread, C].
  func backward(into featureGradient: Matrix, _ pass: Pass<Element>)

  /// Forms one part of the parameter gradients, from the features of all rows: [rows, C].
  func formGradients(_ features: MatrixView<Element>, _ part: GradientPart)
}
