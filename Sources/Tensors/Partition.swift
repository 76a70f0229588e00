/// Splits of work whose boundaries depend on sizes alone, never on the number of threads that run them: a row's GEMM result
/// may depend on where its slab begins and ends.
public enum Partition {
  /// Part `index` of `parts` nearly equal ranges of 0 ..< `count`, with boundaries at multiples of `grain`.
  public static func range(_ index: Int, of parts: Int, count: Int, grain: Int = 1) -> Range<Int> {
    let units = (count + grain - 1) / grain
    let start = min(count, units * index / parts * grain)
    let end = min(count, units * (index + 1) / parts * grain)
    return start..<end
  }
}
