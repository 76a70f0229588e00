/// A parameter as the layer that has it declares it, once: what a store lays out, initialises and decays.
package struct ParameterDeclaration: Sendable, Equatable {
  /// The official `state_dict` name.
  package let name: String
  /// The extents, outermost first.
  package let shape: [Int]
  /// What it holds before training.
  package let initialValue: InitialValue
  /// Whether weight decay applies.
  package let isDecayed: Bool

  /// Declares a parameter.
  package init(_ name: String, _ shape: [Int], _ initialValue: InitialValue = .zero, isDecayed: Bool = false) {
    self.name = name
    self.shape = shape
    self.initialValue = initialValue
    self.isDecayed = isDecayed
  }

  /// The number of elements.
  package var count: Int { shape.reduce(1, *) }
}

/// What a parameter holds before training.
package enum InitialValue: Sendable, Equatable {
  /// Zeros.
  case zero
  /// Ones.
  case one
  /// Uniform within (6 / (inputs + outputs))^0.5, for a matrix [outputs, inputs...].
  ///
  /// Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
  case xavierUniform
  /// Uniform within `bound`.
  case uniform(bound: Float)
  /// Normal around zero.
  case normal(deviation: Float)
}

/// A table of numbers that is part of the official `state_dict` but is not trained: position embeddings.
struct FixedTable {
  /// The official name.
  let name: String
  /// The extents, outermost first.
  let shape: [Int]
  /// Forms the numbers.
  let values: () -> [Float]
}
