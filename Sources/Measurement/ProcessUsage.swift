internal import CHeap
import Foundation

/// What this process has used so far. Zero where the system does not tell.
enum ProcessUsage {
  /// The largest resident memory so far, in bytes: `VmHWM` of /proc/self/status.
  static var peakResidentBytes: Int { statusBytes("VmHWM") }

  /// The bytes that are allocated in the C heap, mapped blocks included (`mallinfo2`); resident anonymous memory
  /// where the C library cannot tell.
  static var heapBytes: Int {
    let bytes = croco_heap_bytes()
    return bytes >= 0 ? Int(bytes) : statusBytes("RssAnon")
  }

  /// Seconds of all cores, in user and system mode (`clock_gettime`).
  static var coreSeconds: Double {
    var time = timespec()
    guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return 0 }
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// A line of /proc/self/status that counts kibibytes.
  private static func statusBytes(_ name: String) -> Int {
    SystemNumbers("/proc/self/status", unit: 1024).values[name] ?? 0
  }
}
