import Runtime

/// All parameters of a network in one flat fp32 buffer, all gradients in another, in forward order.
///
/// Optimiser moments, gradient buckets and checkpoints are loops over ranges of these buffers.
package final class ParameterStore: @unchecked Sendable {
  /// A named view into the flat buffers.
  package struct Parameter: Sendable, Equatable {
    /// What its layer declares of it.
    package let declaration: ParameterDeclaration
    /// The elements' place in the flat buffers.
    package let range: Range<Int>

    /// The official `state_dict` name.
    package var name: String { declaration.name }
    /// The extents, outermost first.
    package var shape: [Int] { declaration.shape }
    /// Whether weight decay applies.
    package var isDecayed: Bool { declaration.isDecayed }
  }

  /// The parameters in the order of the flat buffers.
  package let parameters: [Parameter]
  /// The number of floats of each flat buffer.
  package let count: Int
  /// The values, [count].
  package let values: AlignedBuffer<Float>
  /// The gradients, [count], of the last backward pass.
  package let gradients: AlignedBuffer<Float>
  /// How far the values of the last update have come; forward passes wait for what they read, other readers must.
  package let arrival = Arrival()

  /// Whether all values of the last update are there.
  var hasArrived: Bool { arrival.hasCome(to: count) }

  private let index: [String: Int]
  private var copy: AlignedBuffer<Float>?

  /// Lays out parameters back to back and allocates zeros.
  package init(_ declarations: [ParameterDeclaration]) {
    var end = 0
    parameters = declarations.map { declaration in
      let start = end
      end += declaration.count
      return Parameter(declaration: declaration, range: start..<end)
    }
    count = end
    values = AlignedBuffer(count: end)
    gradients = AlignedBuffer(count: end)
    index = Dictionary(uniqueKeysWithValues: parameters.enumerated().map { ($1.name, $0) })
  }

  /// The parameter of an official name; a programmer's error if there is none.
  package func parameter(_ name: String) -> Parameter {
    guard let position = index[name] else { preconditionFailure("the network has no parameter \(name)") }
    return parameters[position]
  }

  /// Memory for a copy of the values, shared by all networks over them.
  func copyMemory(floats: Int) -> UnsafeMutablePointer<Float> {
    let buffer = copy ?? AlignedBuffer(count: floats)
    copy = buffer
    return buffer.pointer
  }

  /// Sets the initial values that the layers declare: a function of the seed and of each parameter's place in the order.
  ///
  /// - Parameter pool: shares the parameters; the values do not depend on it.
  package func initialize(seed: UInt64, pool: WorkerPool) {
    pool.run(parameters.count) { index, _ in
      let parameter = parameters[index]
      var random = RandomStream(seed: seed, purpose: .initialization, index: index)
      parameter.declaration.fill(UnsafeMutableBufferPointer(rebasing: values.elements[parameter.range]), from: &random)
    }
  }
}

extension ParameterDeclaration {
  /// Sets a parameter's values to what they are before training.
  fileprivate func fill(_ values: UnsafeMutableBufferPointer<Float>, from random: inout RandomStream) {
    switch initialValue {
    case .zero: values.update(repeating: 0)
    case .one: values.update(repeating: 1)
    case .xavierUniform:
      let outputs = shape[0]
      let bound = (6 / Float(values.count / outputs + outputs)).squareRoot()
      for i in values.indices { values[i] = random.nextUniform(-bound...bound) }
    case .uniform(let bound):
      for i in values.indices { values[i] = random.nextUniform(-bound...bound) }
    case .normal(let deviation):
      for i in values.indices { values[i] = deviation * random.nextNormal() }
    }
  }
}
