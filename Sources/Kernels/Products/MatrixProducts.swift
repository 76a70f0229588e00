internal import CGEMM
import Runtime

/// Who multiplies matrices here, for logs and checks: croco's own products on AVX-512, else the libraries OpenBLAS (fp32) and
/// oneDNN (bf16).
///
/// The environment's `CROCO_GEMM=library` chooses the libraries on every processor, to compare and to look for faults.
package enum MatrixProducts {
  /// Whether products of fp32 are OpenBLAS's, so that its settings matter.
  package static var floatIsOpenBLAS: Bool { !OwnProducts.multiplyFP32 }

  /// What forms products of fp32, for logs: "croco (AVX-512)" or "OpenBLAS" with its kernels.
  package static var fp32: String { Float.products.pointee.name }

  /// What forms products of bf16, or nil where ``bfloat16Obstacle`` says why nothing can. May load oneDNN.
  package static var bfloat16: String? { bfloat16Obstacle == nil ? BFloat16.products.pointee.name : nil }

  /// Why bf16 cannot be computed here, or nil where it can. May load oneDNN.
  package static var bfloat16Obstacle: String? { OwnProducts.multiplyBF16 ? nil : OneDNN.obstacle }

  /// What forms products of int8: "croco (avx512_vnni)", and of what is not quantised beside them.
  package static var int8: String {
    "croco (\(IntegerPath.current.name)), others by \(int8KeepsBFloat16 ? BFloat16.products.pointee.name : fp32)"
  }

  /// Whether products of int8 read and write bfloat16, as do those beside them; else fp32.
  package static var int8KeepsBFloat16: Bool { croco_gemm_bf16_available() != 0 && bfloat16Obstacle == nil }

  /// Checks the environment's `CROCO_INT8`. Call before the first product of int8.
  ///
  /// - Throws: `Failure` of kind `configuration` where it names what is not there.
  package static func requireInt8() throws(Failure) { _ = try IntegerPath.chosen.get() }

  /// Makes products of bf16 possible. Call before the first.
  ///
  /// - Throws: `Failure` of kind `configuration` that says what is missing.
  package static func requireBFloat16() throws(Failure) {
    guard let bfloat16Obstacle else { return }
    throw Failure(
      .configuration, "compute.precision bf16 is not possible: \(bfloat16Obstacle).",
      hint: "Choose compute.precision fp32; or take a processor with avx512_bf16, or one with amx_bf16 and oneDNN "
        + "(Debian, Ubuntu: libdnnl-dev; then build croco again from clean: swift package clean).")
  }
}
