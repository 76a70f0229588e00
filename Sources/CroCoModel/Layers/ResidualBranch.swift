import Kernels

/// What a transformer block adds to its stream: attention or an MLP, over the stream's normalised rows.
///
/// A branch has its parameters and its buffers, for the rows of all slabs. All but ``formGradients(_:normalized:_:)`` work on
/// one stretch, each thread of its team on its rows. `normalized`, `branch` and their gradients are [rows of the thread, C], C
/// channels of the stream.
protocol ResidualBranch<Element> {
  associatedtype Element: MatrixElement

  /// The official name.
  var name: String { get }

  /// The bias that ends the branch, [C]: whoever adds the branch to the stream adds it.
  var bias: UnsafePointer<Float> { get }

  /// The linear maps.
  var maps: [Linear<Element>] { get }

  /// What needs no row of the stream, before they are normalised.
  func prepare(_ pass: Pass<Element>)

  /// branch = f(normalized), without the last bias.
  func forward(_ normalized: MatrixView<Element>, into branch: Matrix, _ pass: Pass<Element>)

  /// normalizedGradient = gradient with respect to `normalized`, from that of the branch.
  func backward(_ branchGradient: MatrixView<Element>, into normalizedGradient: Matrix, _ pass: Pass<Element>)

  /// The backward pass of ``prepare(_:)``.
  func backwardPreparation(_ pass: Pass<Element>)

  /// Forms one part of the parameter gradients, over all rows: [rows, C].
  func formGradients(_ branchGradient: MatrixView<Element>, normalized: MatrixView<Element>, _ part: GradientPart)
}

extension ResidualBranch {
  /// Nothing.
  func prepare(_ pass: Pass<Element>) {}

  /// Nothing.
  func backwardPreparation(_ pass: Pass<Element>) {}
}
