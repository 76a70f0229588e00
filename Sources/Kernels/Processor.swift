internal import CSIMD

/// What of the processor croco's own kernels use.
package enum Processor {
  /// The clone of the C kernels in use: "x86-64-v4", "x86-64-v3", "x86-64" or "portable".
  package static var kernelLevel: String { String(cString: croco_kernel_level()) }
}
