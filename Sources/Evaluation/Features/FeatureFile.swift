import PairData
import Runtime
import Storage

/// The file of an array of fp32 numbers, a row an image, whose values are written bit by bit: `.npy`, `.safetensors` or HDF5.
package struct FeatureFile: Sendable {
  /// The kinds of files, by the endings of their names.
  package enum Format: Sendable {
    case npy, safetensors, hdf5

    /// The format of a path; nil for an ending that is none of them.
    package init?(path: String) {
      switch path.lowercased() {
      case let path where path.hasSuffix(".npy"): self = .npy
      case let path where path.hasSuffix(".safetensors"): self = .safetensors
      case let path where path.hasSuffix(".h5") || path.hasSuffix(".hdf5"): self = .hdf5
      default: return nil
      }
    }
  }

  /// The name of the array, in the formats that have names.
  static let array = "features"

  let format: Format
  /// The extents of the array; the first is the number of images.
  let shape: [Int]
  /// What the images are called.
  let names: [String]
  /// What else is known of the features.
  let description: [(name: String, text: String)]

  /// Writes what stands before the values.
  ///
  /// - Returns: the place of the first value in the file.
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  func begin(at path: String) throws -> Int {
    let header: [UInt8]
    switch format {
    case .hdf5:
      return try NamedArrayFile.create(
        at: path, array: Self.array, shape: shape, names: names, attributes: description)
    case .npy: header = numpyHeader
    case .safetensors:
      var metadata = Dictionary(uniqueKeysWithValues: description.map { ($0.name, $0.text) })
      metadata["names"] = namesText
      header = SafetensorsWriter.header([(Self.array, "F32", shape)], metadata: metadata)
    }
    let file = try File(path, .writing)
    try file.write(header)
    try file.close()
    return header.count
  }

  /// Writes the names beside a file that has no place for them.
  ///
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  func publishNames(beside path: String) throws {
    guard format == .npy else { return }
    try Publication.publishText(namesText + "\n", at: Self.namesFile(of: path))
  }

  /// Where the names of an `.npy` file's rows are.
  static func namesFile(of path: String) -> String { path.dropLast(".npy".count) + ".names.json" }

  private var namesText: String { JSON.array(names.map { .text($0) }).text }

  /// Source: NumPy's format, version 1.0, padded so that values start at a multiple of 64 bytes.
  private var numpyHeader: [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ")
    var text = Array("{'descr': '<f4', 'fortran_order': False, 'shape': (\(extents)), }".utf8)
    let prefix = [0x93] + Array("NUMPY".utf8) + [1, 0]
    text += [UInt8](repeating: 0x20, count: 63 - (prefix.count + 2 + text.count) % 64) + [UInt8(ascii: "\n")]
    return prefix + [UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
  }
}
