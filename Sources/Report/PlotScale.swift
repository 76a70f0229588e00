import Foundation

/// An axis: the range that it shows, where its ticks are, and how they are labelled.
struct PlotScale {
  /// The values at the two ends.
  let range: ClosedRange<Double>
  /// Whether equal distances are equal ratios.
  let isLogarithmic: Bool
  /// The labelled values, ascending.
  let ticks: [Double]

  /// A linear axis whose ends are ticks, from at most `values.min` (or 0) to at least `values.max`.
  static func linear(_ values: [Double], fromZero: Bool = false, tickCount: Int = 6) -> PlotScale {
    var low = values.min() ?? 0
    var high = values.max() ?? 1
    if fromZero { low = min(0, low) }
    if high <= low {
      let margin = low == 0 ? 1 : abs(low) * 0.5
      high = low + margin
      if !fromZero { low -= margin }
    }
    let step = niceStep((high - low) / Double(tickCount - 1))
    let first = (low / step + 1e-9).rounded(.down)
    let last = (high / step - 1e-9).rounded(.up)
    let ticks = (0...max(1, Int(last - first))).map { (first + Double($0)) * step }
    return PlotScale(range: ticks[0]...ticks[ticks.count - 1], isLogarithmic: false, ticks: ticks)
  }

  /// A linear axis that a few outliers above do not stretch; they leave the plot.
  static func robust(_ values: [Double], fromZero: Bool = false) -> PlotScale {
    let sorted = values.sorted()
    guard let low = sorted.first, let high = sorted.last else { return linear(values, fromZero: fromZero) }
    let usual = sorted[(sorted.count - 1) * 49 / 50]
    return linear([low, min(high, usual + (usual - low))], fromZero: fromZero)
  }

  /// A logarithmic axis; a linear one where a value is not positive or the values span less than a factor of 20.
  static func logarithmic(_ values: [Double]) -> PlotScale {
    guard let low = values.min(), let high = values.max(), low > 0, high / low >= 20 else {
      return linear(values, fromZero: true)
    }
    let decades = Int(floor(log10(low)))...Int(floor(log10(high)))
    let mantissas: [Double] = decades.count > 4 ? [1] : decades.count > 2 ? [1, 3] : [1, 2, 5]
    let all = decades.flatMap { decade in mantissas.map { $0 * pow(10, Double(decade)) } }
    let ticks = all.filter { $0 >= low / 1.2 && $0 <= high * 1.2 }
    return PlotScale(range: low / 1.2...high * 1.2, isLogarithmic: true, ticks: ticks)
  }

  /// The axis of steps from 0: ends at the last step, ticks at whole numbers.
  static func steps(upTo last: Int) -> PlotScale {
    let end = Double(max(1, last))
    let step = max(1, niceStep(end / 7))
    return PlotScale(range: 0...end, isLogarithmic: false, ticks: Array(stride(from: 0, through: end, by: step)))
  }

  /// Where a value lies, 0 at the lower end and 1 at the upper.
  func position(_ value: Double) -> Double {
    guard isLogarithmic else { return (value - range.lowerBound) / (range.upperBound - range.lowerBound) }
    let (low, high) = (log(range.lowerBound), log(range.upperBound))
    return (log(max(value, .leastNormalMagnitude)) - low) / (high - low)
  }

  /// The label of a tick.
  func label(_ tick: Double) -> String {
    let largest = ticks.map(abs).max() ?? 1
    if tick == 0 || abs(tick) < largest * 1e-9 { return "0" }
    if largest >= 1e6 { return "\(Self.plain(tick / 1e6, step: spacing / 1e6))M" }
    if largest < 0.01 { return Numeral.scientific(tick) }
    if isLogarithmic { return abs(tick) < 0.001 ? Numeral.scientific(tick) : "\(Self.trimmed(tick))" }
    return Self.plain(tick, step: spacing)
  }

  private var spacing: Double { ticks.count > 1 ? ticks[1] - ticks[0] : 1 }

  /// With as many decimals as the distance of ticks asks for.
  private static func plain(_ value: Double, step: Double) -> String {
    if step >= 1 && abs(value) >= 1000 { return Numeral.grouped(Int(value.rounded())) }
    let digits = (0...6).first { digits in
      let scaled = step * pow(10, Double(digits))
      return abs(scaled - scaled.rounded()) < 1e-6 * scaled
    }
    return Numeral.fixed(value, digits ?? 6)
  }

  private static func trimmed(_ value: Double) -> String {
    value >= 1000 ? Numeral.grouped(Int(value.rounded())) : String(format: "%g", value)
  }

  /// The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `step`.
  private static func niceStep(_ step: Double) -> Double {
    let power = pow(10, floor(log10(step)))
    let ratio = step / power
    for candidate in [1, 2, 2.5, 5] where ratio <= candidate * (1 + 1e-9) { return candidate * power }
    return 10 * power
  }
}
