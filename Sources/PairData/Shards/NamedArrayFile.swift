/// An HDF5 file of one large array of fp32 numbers and the names of its rows.
package enum NamedArrayFile {
  /// Lays out the file with everything but the array's values, which are to be written at the returned offset.
  ///
  /// - Parameters:
  ///   - array: the array's name.  - shape: its extents; the first is the number of names.
  ///   - attributes: texts of the file.
  /// - Throws: `Failure` of kind `inputOutput` that names the path.
  package static func create(
    at path: String, array: String, shape: [Int], names: [String], attributes: [(name: String, text: String)]
  ) throws -> Int {
    try HDF5.locked {
      let file = try HDF5File(creating: path)
      let offset: Int
      do {
        for (name, text) in attributes { try file.writeAttribute(name, text) }
        try file.write("/names", names)
        offset = try file.reserve("/" + array, Float.self, shape: shape)
      } catch {
        try? file.close()
        throw error
      }
      try file.close()
      return offset
    }
  }
}
