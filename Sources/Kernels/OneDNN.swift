internal import COneDNN

/// The only door to oneDNN, which multiplies bf16 matrices where croco does not do so itself.
package enum OneDNN {
  /// oneDNN's version, or empty where the library is missing. Loads the library once.
  package static var version: String {
    _ = croco_onednn_open()
    return String(cString: croco_onednn_version())
  }

  /// Why bf16 cannot be computed here, or nil where it can: the library, its header at build time, or the processor's
  /// instructions are missing. Loads the library once.
  package static var obstacle: String? { croco_onednn_open().map { String(cString: $0) } }

  static func check(_ status: Int32) {
    precondition(status == 0, "oneDNN failed with status \(status) (dnnl_status_t); is memory short?")
  }
}
