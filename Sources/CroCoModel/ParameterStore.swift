import Tensors

/// All parameters of a network in one flat fp32 buffer, all gradients in another, in forward order.
///
/// Optimiser moments, gradient buckets and checkpoints are loops over ranges of these buffers.
public final class ParameterStore: @unchecked Sendable {
  /// A named view into the flat buffers.
  public struct Parameter: Sendable, Equatable {
    /// The official `state_dict` name.
    public let name: String
    /// The extents, outermost first.
    public let shape: [Int]
    /// The elements' place in the flat buffers.
    public let range: Range<Int>
    /// Whether weight decay applies: more than one dimension (the mask token included), and not a bias.
    public let isDecayed: Bool
  }

  /// The parameters in the order of the flat buffers.
  public let parameters: [Parameter]
  /// The number of floats of each flat buffer.
  public let count: Int
  /// The values, [count].
  public let values: AlignedBuffer<Float>
  /// The gradients, [count], of the last backward pass.
  public let gradients: AlignedBuffer<Float>

  private let index: [String: Int]
  private var copy: AlignedBuffer<Float>?

  /// Lays out parameters back to back and allocates zeros.
  public init(shapes: [(name: String, shape: [Int])]) {
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
  public func parameter(_ name: String) -> Parameter {
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
  public func contains(_ name: String) -> Bool { index[name] != nil }
}
