internal import COpenBLAS
internal import CSIMD

/// The only door to OpenBLAS. One thread a call: the parallel-for above it owns the threads.
package enum BLAS {
  /// Holds OpenBLAS at one thread (`openblas_set_num_threads`). Call once at start, before any worker runs.
  package static func prepare() { croco_openblas_set_threads(1) }

  /// The kernels that OpenBLAS chose for this processor, such as "SkylakeX" (`openblas_get_corename`).
  package static var coreName: String { String(cString: croco_openblas_core()) }

  /// OpenBLAS's version and build options (`openblas_get_config`).
  package static var configuration: String { String(cString: croco_openblas_configuration()) }

  /// The clone of croco's own kernels in use: "x86-64-v4", "x86-64-v3", "x86-64" or "portable".
  package static var kernelLevel: String { String(cString: croco_kernel_level()) }

  /// C = alpha op(A) op(B) + beta C in row-major order (`cblas_sgemm`).
  ///
  /// - Parameters:
  ///   - m, n, k: op(A) is [m, k], op(B) is [k, n], C is [m, n]. Nothing happens where m or n is 0.
  ///   - lda, ldb, ldc: floats between the starts of two stored rows.
  @inline(__always)
  package static func gemm(
    _ a: UnsafePointer<Float>, lda: Int, transposeA: Bool = false,
    _ b: UnsafePointer<Float>, ldb: Int, transposeB: Bool = false,
    into c: UnsafeMutablePointer<Float>, ldc: Int,
    m: Int, n: Int, k: Int, alpha: Float = 1, beta: Float = 0
  ) {
    if m == 0 || n == 0 { return }
    croco_sgemm(
      transposeA ? 1 : 0, transposeB ? 1 : 0, Int32(m), Int32(n), Int32(k), alpha, a, Int32(lda), b, Int32(ldb), beta,
      c, Int32(ldc))
  }
}
