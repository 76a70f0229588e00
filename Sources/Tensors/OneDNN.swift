internal import COneDNN
import Storage

/// The only door to oneDNN, which multiplies bf16 matrices.
public enum OneDNN {
  /// oneDNN's version, or empty where the library is missing. Loads the library once.
  public static var version: String {
    _ = croco_onednn_open()
    return String(cString: croco_onednn_version())
  }

  /// Why bf16 cannot be computed here, or nil where it can: the library, its header at build time, or the processor's
  /// instructions are missing. Loads the library once.
  public static var obstacle: String? { croco_onednn_open().map { String(cString: $0) } }

  /// Loads the library. Call before products of bf16.
  ///
  /// - Throws: `Failure` of kind `configuration` that says what is missing.
  public static func requireBFloat16() throws(Failure) {
    guard let obstacle else { return }
    throw Failure(
      .configuration, "compute.precision bf16 is not possible: \(obstacle).",
      hint: "Choose compute.precision fp32; or install oneDNN (Debian, Ubuntu: libdnnl-dev) and build croco again from "
        + "clean (swift package clean), on a processor with avx512_bf16 or amx_bf16.")
  }

  static func check(_ status: Int32) {
    precondition(status == 0, "oneDNN failed with status \(status) (dnnl_status_t); is memory short?")
  }
}
