import Foundation

/// The median and the best of repeated measurements.
package struct BenchmarkFigures: Sendable, Equatable, Encodable {
  /// The median; the mean of the two middle ones of an even number.
  package let median: Double
  /// The best: the shortest time or the highest rate.
  package let best: Double

  /// Figures of times, of which the shortest is the best.
  init(times: [Double]) { self.init(sorted: times.sorted()) }

  /// Figures of rates, of which the highest is the best.
  init(rates: [Double]) { self.init(sorted: rates.sorted(by: >)) }

  private init(sorted values: [Double]) {
    precondition(!values.isEmpty, "figures need at least one measurement")
    best = values[0]
    median = (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
  }

  private init(median: Double, best: Double) {
    self.median = median
    self.best = best
  }

  /// The rate at which `amount` is done in these milliseconds, a second.
  func rate(of amount: Double) -> BenchmarkFigures {
    BenchmarkFigures(median: amount * 1000 / median, best: amount * 1000 / best)
  }

  /// Median over median, best over best.
  func share(of whole: BenchmarkFigures) -> BenchmarkFigures {
    BenchmarkFigures(median: median / whole.median, best: best / whole.best)
  }
}

/// Times a piece of work with the monotonic clock.
enum Stopwatch {
  /// The milliseconds that `body` takes.
  static func milliseconds<Thrown>(_ body: () throws(Thrown) -> Void) throws(Thrown) -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    try body()
    return (clock.now - start) / .milliseconds(1)
  }
}
