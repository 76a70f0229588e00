internal import CGEMM
import Foundation

/// croco's own matrix products, in C for AVX-512 (`CGEMM`).
enum OwnProducts {
  /// Whether they multiply fp32 here.
  static let multiplyFP32 = !prefersLibraries && croco_gemm_available() != 0

  /// Whether they multiply bf16 here. AMX tiles, which oneDNN knows, are several times as fast as AVX-512.
  static let multiplyBF16 =
    !prefersLibraries && croco_gemm_bf16_available() != 0
    && (croco_gemm_bf16_outdone() == 0 || OneDNN.obstacle != nil)

  private static let prefersLibraries = ProcessInfo.processInfo.environment["CROCO_GEMM"] == "library"

  /// `croco_gemm`; finished by passes over the result, which are as fast.
  static let fp32 = Products<Float>(
    name: "croco (AVX-512)", roundsFactors: true, elementsAreIndependent: true,
    accumulate: { a, b, c, adding, sums in
      run(a, b, c, adding ? CROCO_GEMM_ADD : CROCO_GEMM_SET, more(sums: sums))
    },
    finish: { a, b, c, finish in
      run(a, b, c, CROCO_GEMM_SET, more())
      finish.apply(to: c)
    })

  /// `croco_gemm_bf16`, or `croco_gemm_bf16_rounding` for weights of fp32; finished on the way.
  static let bf16 = Products<BFloat16>(
    name: "croco (avx512_bf16)", roundsFactors: true, elementsAreIndependent: true,
    accumulate: { a, b, c, adding, sums in
      run(a, b, c.pointer, c.stride, adding ? CROCO_GEMM_ADD : CROCO_GEMM_SET, more(sums: sums))
    },
    finish: { a, b, c, finish in
      let (result, more) = described(finish)
      run(a, b, c.pointer, c.stride, result, more)
    })

  private static func run(
    _ a: Factor<Float>, _ b: Factor<Float>, _ c: Matrix, _ result: croco_gemm_result, _ more: croco_gemm_more
  ) {
    withUnsafePointer(to: more) { more in
      check(
        croco_gemm(
          a.transposition, b.transposition, c.rows, c.columns, a.columns, a.floats, a.stride, b.floats, b.stride,
          result, c.pointer, c.stride, more))
    }
  }

  private static func run(
    _ a: Factor<BFloat16>, _ b: Factor<BFloat16>, _ c: UnsafeMutableRawPointer, _ stride: Int,
    _ result: croco_gemm_result, _ more: croco_gemm_more
  ) {
    withUnsafePointer(to: more) { more in
      switch b.values {
      case .elements(let right):
        check(
          croco_gemm_bf16(
            a.transposition, b.transposition, a.rows, b.columns, a.columns, a.elements.stored, a.stride, right.stored,
            b.stride, result, c, stride, more))
      case .unrounded(let right):
        check(
          croco_gemm_bf16_rounding(
            a.transposition, b.transposition, a.rows, b.columns, a.columns, a.elements.stored, a.stride, right,
            b.stride, result, c, stride, more))
      case .quantized: preconditionFailure("integers are multiplied by products of their own")
      }
    }
  }

  /// A finish as the products know it.
  static func described(_ finish: Finish<BFloat16>) -> (result: croco_gemm_result, more: croco_gemm_more) {
    switch finish {
    case .plain: (CROCO_GEMM_NARROW, more())
    case .bias(let bias): (CROCO_GEMM_BIAS, more(bias: bias))
    case .biasGELU(let bias, let activated):
      (CROCO_GEMM_BIAS_GELU, more(bias: bias, activated: activated.pointer.stored))
    case .geluBackward(let hidden, let activated):
      (
        CROCO_GEMM_GELU_BACKWARD,
        more(hidden: UnsafePointer(hidden.pointer.stored), activated: activated.pointer.stored)
      )
    }
  }

  private static func more(
    bias: UnsafePointer<Float>? = nil, hidden: UnsafePointer<UInt16>? = nil,
    activated: UnsafeMutablePointer<UInt16>? = nil, sums: UnsafeMutablePointer<Float>? = nil
  ) -> croco_gemm_more {
    croco_gemm_more(bias: bias, hidden: hidden, activated: activated, sums: sums)
  }

  private static func check(_ status: Int32) {
    precondition(status == 0, "no memory is left for a thread's workspace of matrix products (some 3 MB)")
  }
}
