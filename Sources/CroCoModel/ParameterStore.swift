import Runtime

/// All parameters of a network in one flat fp32 buffer, all gradients in another, in forward order.
///
/// Optimiser moments, gradient buckets and checkpoints are loops over ranges of these buffers.
package final class ParameterStore: @unchecked Sendable {
  /// A named view into the flat buffers.
  package struct Parameter: Sendable, Equatable {
    /// The official `state_dict` name.
    package let name: String
    /// The extents, outermost first.
    package let shape: [Int]
    /// The elements' place in the flat buffers.
    package let range: Range<Int>
    /// Whether weight decay applies: more than one dimension (the mask token included), and not a bias.
    package let isDecayed: Bool
  }

  /// The parameters in the order of the flat buffers.
  package let parameters: [Parameter]
  /// The number of floats of each flat buffer.
  package let count: Int
  /// The values, [count].
  package let values: AlignedBuffer<Float>
  /// The gradients, [count], of the last backward pass.
  package let gradients: AlignedBuffer<Float>

  private let index: [String: Int]
  private var copy: AlignedBuffer<Float>?

  /// Lays out parameters back to back and allocates zeros.
  package init(shapes: [(name: String, shape: [Int])]) {
    var end = 0
    parameters = shapes.map { name, shape in
      let start = end
      end += shape.reduce(1, *)
      return Parameter(
        name: name, shape: shape, range: start..<end, isDecayed: shape.count > 1 && !name.hasSuffix(".bias"))
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

  /// Whether the network has a parameter of that name.
  package func contains(_ name: String) -> Bool { index[name] != nil }
}
