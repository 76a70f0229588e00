import Foundation

/// A fixed block of memory that starts at a multiple of 64 bytes (a cache line, an AVX-512 register) and is zero at first.
///
/// The owner decides who may write where; slabs of one buffer are written by several workers at once. Pointers are valid
/// as long as the buffer is held: keep it in a variable, not in an expression.
package final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  /// The first element.
  package let pointer: UnsafeMutablePointer<Element>
  /// The number of elements.
  package let count: Int

  /// The pages of a large buffer; nil where the memory comes from the allocator.
  private let mapping: UnsafeMutableRawBufferPointer?

  /// Allocates `count` elements whose bytes are zero.
  ///
  /// Large buffers get pages of their own, huge ones where the system has them: untouched pages cost no memory, and
  /// matrix products spend less time on address translation.
  package init(count: Int) {
    precondition(count >= 0, "a buffer cannot have \(count) elements")
    let bytes = max(64, (count * MemoryLayout<Element>.stride + 63) / 64 * 64)
    let start: UnsafeMutableRawPointer
    if bytes >= 2 * Self.hugePage {
      let mapping = Self.map(bytes + Self.hugePage)
      start = Self.aligned(mapping.baseAddress!)
      #if os(Linux)
        madvise(start, bytes, MADV_HUGEPAGE)
      #endif
      self.mapping = mapping
    } else {
      var address: UnsafeMutableRawPointer?
      guard posix_memalign(&address, 64, bytes) == 0, let address else { Self.fail(bytes) }
      memset(address, 0, bytes)
      start = address
      mapping = nil
    }
    pointer = start.bindMemory(to: Element.self, capacity: max(1, count))
    self.count = count
  }

  deinit {
    if let mapping { munmap(mapping.baseAddress, mapping.count) } else { free(pointer) }
  }

  /// The elements as a Swift buffer.
  package var elements: UnsafeMutableBufferPointer<Element> { UnsafeMutableBufferPointer(start: pointer, count: count) }

  /// Sets every byte to zero.
  package func clear() { memset(pointer, 0, count * MemoryLayout<Element>.stride) }

  private static var hugePage: Int { 2 << 20 }

  private static func map(_ bytes: Int) -> UnsafeMutableRawBufferPointer {
    let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
    guard let address, address != MAP_FAILED else { fail(bytes) }
    return UnsafeMutableRawBufferPointer(start: address, count: bytes)
  }

  private static func aligned(_ address: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
    address + (hugePage - Int(bitPattern: address) % hugePage) % hugePage
  }

  /// Ends the process: whoever asks for memory in the middle of a computation can do nothing else.
  private static func fail(_ bytes: Int) -> Never {
    let sentence = "croco: Out of memory: a buffer of \(bytes) bytes cannot be had. Lower what the run needs.\n"
    FileHandle.standardError.write(Data(sentence.utf8))
    exit(Failure.Kind.internalError.exitCode)
  }
}
