/// How the numbers that matrix products read are stored: fp32 or bf16. The precision of a network is the element that it is
/// built over.
///
/// Products sum in fp32, and all passes over rows compute in fp32; only what a product reads is kept as the element. Who
/// computes with elements is not the element's: ``products`` and ``passes`` are tables of functions, chosen once. They are
/// reached through pointers, so that a call takes one function from its table and copies nothing. An arithmetic of its own over
/// numbers that are stored as these are, such as products that quantise what they read, is an element with another table.
package protocol MatrixElement: BitwiseCopyable, Sendable {
  /// The element as C functions know it: `float` or, for bfloat16, `uint16_t`.
  associatedtype Stored: BitwiseCopyable

  /// What multiplies matrices of the element on this machine.
  static var products: UnsafePointer<Products<Self>> { get }

  /// What multiplies matrices of the element with quantised weights.
  static var integerProducts: UnsafePointer<IntegerProducts<Self>> { get }

  /// The passes over rows of the element.
  static var passes: UnsafePointer<Passes<Stored>> { get }

  /// The value as fp32.
  var float: Float { get }
}

extension MatrixElement {
  /// Memory for elements with the values of fp32 memory of as many: that memory itself where elements are fp32, and what
  /// `allocate` gives (in floats) for narrower ones.
  package static func mirror(
    _ values: UnsafeMutablePointer<Float>, count: Int, allocate: (_ floats: Int) -> UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<Self> {
    let perFloat = MemoryLayout<Float>.size / MemoryLayout<Self>.size
    let memory = perFloat == 1 ? values : allocate((count + perFloat - 1) / perFloat)
    return UnsafeMutableRawPointer(memory).assumingMemoryBound(to: Self.self)
  }

  /// elements[i] = values[i], rounded to nearest, ties to even; NaN stays NaN.
  package static func convert(
    _ values: UnsafePointer<Float>, into elements: UnsafeMutablePointer<Self>, count: Int
  ) {
    passes.pointee.convert(values, elements.stored, count)
  }
}

extension Float: MatrixElement {
  package typealias Stored = Float

  package nonisolated(unsafe) static let products = table(
    OwnProducts.multiplyFP32 ? OwnProducts.fp32 : OpenBLAS.products)

  package nonisolated(unsafe) static let integerProducts = table(IntegerProducts<Float>.fp32)

  package nonisolated(unsafe) static let passes = table(Passes<Float>.fp32)

  /// The value itself.
  package var float: Float { self }
}

extension BFloat16: MatrixElement {
  package typealias Stored = UInt16

  /// Loads oneDNN where croco does not multiply.
  package nonisolated(unsafe) static let products = table(OwnProducts.multiplyBF16 ? OwnProducts.bf16 : OneDNN.products)

  package nonisolated(unsafe) static let integerProducts = table(IntegerProducts<BFloat16>.bf16)

  package nonisolated(unsafe) static let passes = table(Passes<UInt16>.bf16)
}

/// Where a table of functions stays for the rest of the process.
private func table<Functions: Sendable>(_ functions: Functions) -> UnsafePointer<Functions> {
  let memory = UnsafeMutablePointer<Functions>.allocate(capacity: 1)
  memory.initialize(to: functions)
  return UnsafePointer(memory)
}

extension UnsafePointer where Pointee: MatrixElement {
  /// The same memory as C functions know it.
  var stored: UnsafePointer<Pointee.Stored> {
    UnsafeRawPointer(self).assumingMemoryBound(to: Pointee.Stored.self)
  }
}

extension UnsafeMutablePointer where Pointee: MatrixElement {
  /// The same memory as C functions know it.
  var stored: UnsafeMutablePointer<Pointee.Stored> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Pointee.Stored.self)
  }
}
