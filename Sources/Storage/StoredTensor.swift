/// A tensor with its bytes, ready to be written to a file of any format.
package struct StoredTensor: Sendable {
  /// Name, type and shape.
  package let description: TensorDescription
  /// The elements in the order of the shape, little-endian.
  package let bytes: [UInt8]

  /// The fp32 values of a tensor in the type that is to be stored.
  package init(_ name: String, shape: [Int], _ values: [Float], as type: FloatingType) {
    description = TensorDescription(name: name, type: type.rawValue, shape: shape)
    precondition(values.count == description.count, "\(name) of shape \(shape) has \(values.count) values")
    bytes = type.bytes(values)
  }
}
