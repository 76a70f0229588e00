import Training

/// The time of a step by stage, stacked, over steps.
struct StagePlot {
  /// Groups of neighbouring steps that are drawn at most.
  static let groupLimit = 120

  /// Mean milliseconds of a group of steps.
  struct Group {
    let firstStep: Int
    let lastStep: Int
    /// By stage in order, then what the stages leave of the step.
    let milliseconds: [Double]

    var total: Double { milliseconds.reduce(0, +) }
  }

  let groups: [Group]

  init(_ records: [StepRecord]) {
    let count = min(Self.groupLimit, records.count)
    groups = (0..<count).map { number in
      Self.group(records[number * records.count / count..<(number + 1) * records.count / count])
    }
  }

  /// Where the axis may end: the tallest group, unless it towers above the usual one, as a first step may.
  var limit: Double {
    let totals = groups.map(\.total).sorted()
    return min(totals[totals.count - 1], 3 * totals[totals.count / 2])
  }

  /// The plot as SVG.
  func svg(_ frame: PlotFrame) -> String {
    let stageCount = StepStage.allCases.count + 1
    let shapes = (0..<stageCount).map { stage in
      Markup.empty("path", ["class": "area t\(stage)", "d": outline(stage, frame)])
    }
    return frame.svg(shapes.joined())
  }

  /// The steps of a staircase along the stage's upper edge, and back along its lower one.
  private func outline(_ stage: Int, _ frame: PlotFrame) -> String {
    let c = Markup.coordinate
    func edges(_ group: Group) -> (left: Double, right: Double) {
      (frame.x(Double(group.firstStep) - 1), frame.x(Double(group.lastStep)))
    }
    var upper: [String] = []
    var lower: [String] = []
    for group in groups {
      let (left, right) = edges(group)
      let base = group.milliseconds[..<stage].reduce(0, +)
      let (bottom, top) = (c(frame.y(base)), c(frame.y(base + group.milliseconds[stage])))
      upper += ["\(c(left)) \(top)", "\(c(right)) \(top)"]
      lower += ["\(c(left)) \(bottom)", "\(c(right)) \(bottom)"]
    }
    return "M" + (upper + lower.reversed()).joined(separator: "L") + "Z"
  }

  private static func group(_ records: ArraySlice<StepRecord>) -> Group {
    func mean(_ value: (StepRecord) -> Double?) -> Double {
      records.reduce(0) { $0 + max(0, value($1) ?? 0) } / Double(records.count)
    }
    let stages = StepStage.allCases.map { stage in mean { $0.milliseconds(of: stage) } }
    let other = max(0, mean(\.milliseconds) - stages.reduce(0, +))
    return Group(
      firstStep: records[records.startIndex].step, lastStep: records[records.endIndex - 1].step,
      milliseconds: stages + [other])
  }
}
