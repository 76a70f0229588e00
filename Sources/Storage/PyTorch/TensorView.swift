/// A tensor's place in the bytes of a storage: strides count elements, so that a view may turn, skip or repeat them.
struct TensorView {
  /// Bytes of an element.
  let elementSize: Int
  /// The extents, outermost first.
  let shape: [Int]
  /// How many elements apart neighbours of each extent lie.
  let strides: [Int]
  /// The first element's place in the file, in bytes.
  let start: Int

  /// A view of a storage; nil where an element lies outside of it, or it repeats more than a storage of some size can need.
  ///
  /// - Parameter storage: its place in the file, in bytes.
  init?(elementSize: Int, shape: [Int], strides: [Int], offset: Int, storage: Range<Int>) {
    guard shape.count == strides.count, shape.count <= 64 else { return nil }
    let available = storage.count / elementSize
    var (count, last) = (1, offset)
    // The product of the others must be a number even where an extent is 0.
    for (extent, stride) in zip(shape, strides) where extent > 0 {
      let (product, tooMany) = count.multipliedReportingOverflow(by: extent)
      let (reach, tooFar) = stride.multipliedReportingOverflow(by: extent - 1)
      let (sum, outside) = last.addingReportingOverflow(reach)
      guard !tooMany, !tooFar, !outside else { return nil }
      (count, last) = (product, sum)
    }
    let isEmpty = shape.contains(0)
    guard offset <= available, isEmpty || last < available && count <= max(available, Self.mostRepeated) else {
      return nil
    }
    self.elementSize = elementSize
    self.shape = shape
    self.strides = strides
    start = storage.lowerBound + offset * elementSize
  }

  /// The elements in the order of the shape.
  func contiguousBytes(of file: UnsafeRawBufferPointer) -> [UInt8] {
    let count = shape.reduce(1, *)
    guard count > 0, let base = file.baseAddress else { return [] }
    if isContiguous { return Array(file[start..<start + count * elementSize]) }
    return [UInt8](unsafeUninitializedCapacity: count * elementSize) { target, initialized in
      var place = start
      var index = [Int](repeating: 0, count: shape.count)
      for element in 0..<count {
        (target.baseAddress! + element * elementSize).update(
          from: (base + place).assumingMemoryBound(to: UInt8.self), count: elementSize)
        for axis in shape.indices.reversed() {
          index[axis] += 1
          place += strides[axis] * elementSize
          if index[axis] < shape[axis] { break }
          place -= strides[axis] * elementSize * shape[axis]
          index[axis] = 0
        }
      }
      initialized = count * elementSize
    }
  }

  private var isContiguous: Bool {
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
      if stride != expected { return false }
      expected *= extent
    }
    return true
  }

  // A view that repeats elements may have more of them than its storage, up to here.
  private static let mostRepeated = 1 << 20
}
