// The target of libFuzzer; `Tests/Fuzzing/run` compiles it into the module `Storage`, whose readers it calls.

nonisolated(unsafe) private var seen: UInt8 = 0

/// Reads bytes as what `torch.save` writes, in either of its formats. Anything but a file that is read or refused ends the process.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzPyTorchFile(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  for isArchive in [true, false] {
    guard
      let content = try? isArchive
        ? PyTorchContent(archive: bytes, path: "fuzz") : PyTorchContent(pickles: bytes, path: "fuzz"),
      let tensors = try? content.tensors()
    else { continue }
    _ = content.metadata
    // What is small enough is copied out; a view with strides of 0 may be larger than its file.
    for tensor in tensors where tensor.description.count < 1 << 20 {
      // Looked at, so that the compiler leaves nothing out.
      for byte in tensor.view.contiguousBytes(of: bytes) { seen ^= byte }
    }
  }
  return 0
}
