import Foundation

/// A fixed block of memory that starts at a multiple of 64 bytes (a cache line, an AVX-512 register) and is zeroed.
///
/// The owner decides who may write where; slabs of one buffer are written by several workers at once.
public final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  /// The first element.
  public let pointer: UnsafeMutablePointer<Element>
  /// The number of elements.
  public let count: Int

  /// Allocates `count` zero bytes-filled elements. Untouched pages cost no memory.
  public init(count: Int) {
    precondition(count >= 0, "a buffer cannot have \(count) elements")
    let bytes = max(64, (count * MemoryLayout<Element>.stride + 63) / 64 * 64)
    var address: UnsafeMutableRawPointer?
    let status = posix_memalign(&address, bytes >= 1 << 21 ? 1 << 21 : 64, bytes)
    guard status == 0, let address else { fatalError("out of memory: a buffer of \(bytes) bytes cannot be allocated") }
    memset(address, 0, bytes)
    pointer = address.bindMemory(to: Element.self, capacity: max(1, count))
    self.count = count
  }

  deinit { free(pointer) }

  /// The elements as a Swift buffer.
  public var elements: UnsafeMutableBufferPointer<Element> { UnsafeMutableBufferPointer(start: pointer, count: count) }

  /// Sets every byte to zero.
  public func clear() { memset(pointer, 0, count * MemoryLayout<Element>.stride) }
}
