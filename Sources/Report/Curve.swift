/// A line through numbers of consecutive steps; a nil interrupts it.
struct Curve {
  /// A step and its number.
  struct Point: Equatable {
    let x: Double
    let y: Double?
  }

  /// How a curve is drawn.
  enum Style {
    /// A line of full strength.
    case line
    /// A thin pale line: every step, behind its mean.
    case faint
    /// Circles on a dashed line.
    case markers
  }

  /// Which colour: the number of the run.
  let color: Int
  let style: Style
  let points: [Point]

  /// A number of every step that has it.
  init(_ records: [StepRecord], color: Int, style: Style, _ value: (StepRecord) -> Double?) {
    self.init(points: records.map { Point(x: Double($0.step), y: value($0)) }, color: color, style: style)
  }

  init(points: [Point], color: Int, style: Style) {
    (self.points, self.color, self.style) = (points, color, style)
  }

  /// Whether neighbours differ so little that a running mean would show nothing more, as in a schedule.
  var isSmooth: Bool {
    let values = points.compactMap(\.y)
    guard let low = values.min(), let high = values.max(), high > low else { return true }
    let turns = zip(zip(values, values.dropFirst()), values.dropFirst(2)).count { ($0.1 - $0.0) * ($1 - $0.1) < 0 }
    return turns * 20 < values.count
  }

  /// At most `limit` points: means of as many groups of neighbours, so that pages of long runs stay small.
  func reduced(to limit: Int) -> Curve {
    guard points.count > limit else { return self }
    let groups = (0..<limit).map { points[$0 * points.count / limit..<($0 + 1) * points.count / limit] }
    let means = groups.map { group in
      Point(x: group.reduce(0) { $0 + $1.x } / Double(group.count), y: Self.mean(group))
    }
    return Curve(points: means, color: color, style: style)
  }

  /// The centred running mean over `window` points, of full strength; gaps stay gaps.
  func smoothed(window: Int) -> Curve {
    let means = points.indices.map { index -> Point in
      // At the start, where values fall steeply, the window shrinks on both sides; at the end it looks back only.
      let before = min(window / 2, index)
      let after = min(before, points.count - 1 - index)
      let mean = points[index].y == nil ? nil : Self.mean(points[index - before...index + after])
      return Point(x: points[index].x, y: mean)
    }
    return Curve(points: means, color: color, style: .line)
  }

  private static func mean(_ points: ArraySlice<Point>) -> Double? {
    let values = points.compactMap(\.y)
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
