/// The figures of a report: curves of all runs in the same axes, and the time of a step for each.
struct ReportFigures {
  /// Strength and order of what a curve shows.
  private struct Measure {
    let name: String
    let unit: String
    let scale: ([Double]) -> PlotScale
    let value: (StepRecord) -> Double?
  }

  private let runs: [RunRecord]
  private let steps: PlotScale

  init(_ runs: [RunRecord]) {
    self.runs = runs
    steps = .steps(upTo: runs.map { $0.metrics.records[$0.metrics.records.count - 1].step }.max() ?? 1)
  }

  /// Training and validation loss.
  var loss: String {
    var curves = runs.indices.flatMap { lines(of: $0, \.loss) }
    var hasValidation = false
    for (index, run) in runs.enumerated() {
      let taken = run.metrics.records.filter { $0.validationLoss != nil }
      guard !taken.isEmpty else { continue }
      hasValidation = true
      curves.append(
        Curve(taken, color: color(index), style: .markers, \.validationLoss).reduced(to: LinePlot.pointLimit / 4))
    }
    let scale = PlotScale.robust(curves.flatMap { $0.points.compactMap(\.y) })
    // Twice, of which a page shows the one that fits: a wide plot on a telephone has letters that nobody can read.
    let plots = [("wide", 1120.0, 380.0), ("narrow", 400.0, 300.0)].map { name, width, height in
      let frame = PlotFrame("Loss over steps", width: width, height: height, xScale: steps, yScale: scale)
      return Markup.element("div", ["class": name], LinePlot(frame: frame, curves: curves).svg)
    }
    var keys = runKeys
    if runs.count == 1 { keys = [key("line s0", "training")] }
    if hasValidation {
      keys.append(key("dashed \(runs.count == 1 ? "s0" : "")", "validation, on held-out scenes", dot: true))
    }
    if curves.contains(where: { $0.style == .faint }) {
      keys.append(key("faint \(runs.count == 1 ? "s0" : "")", "every step, behind the running mean"))
    }
    return figure("Loss", keys, plots.joined(), name: "first")
  }

  /// Learning rate, gradient norm and speed.
  var measures: [String] {
    let all = [
      Measure(name: "Learning rate", unit: "", scale: { .linear($0, fromZero: true) }, value: \.learningRate),
      Measure(name: "Gradient norm", unit: "before clipping", scale: { .logarithmic($0) }, value: \.gradientNorm),
      Measure(
        name: "Speed", unit: "pairs a second, all ranks", scale: { .robust($0, fromZero: true) },
        value: \.pairsPerSecond),
    ]
    return all.map(figure)
  }

  /// The time of a step by stage: over steps for one run, means side by side for several.
  var stages: String {
    let means = runs.map { RunSummary($0).stages }
    guard runs.count == 1 else {
      let bars = StageBars(runs: zip(runs, means).map { ($0.name, $1.map(\.milliseconds)) })
      return figure(
        "Mean time of a step (ms)", means[0].indices.map { key("t\($0)", means[0][$0].name, isArea: true) }, bars.svg)
    }
    let total = means[0].reduce(0) { $0 + $1.milliseconds }
    let keys = means[0].enumerated().map { index, stage in
      let percent = total > 0 ? 100 * stage.milliseconds / total : 0
      let share = percent > 0 && percent < 1 ? "<1" : Numeral.fixed(percent, 0)
      return key("t\(index)", "\(stage.name) \(Numeral.milliseconds(stage.milliseconds)), \(share) %", isArea: true)
    }
    let plot = StagePlot(runs[0].metrics.records)
    let frame = PlotFrame(
      "Time of a step over steps", width: 560, height: 300, xScale: steps, yScale: .linear([plot.limit], fromZero: true)
    )
    return figure("Time of a step (ms)", keys, plot.svg(frame))
  }

  /// The colour of a run.
  func color(_ run: Int) -> Int { run % ReportStyle.runColorCount }

  /// The names of the runs with their colours; nothing where there is one.
  var runKeys: [String] {
    runs.count == 1 ? [] : runs.indices.map { key("line s\(color($0))", runs[$0].name) }
  }

  private func figure(_ measure: Measure) -> String {
    let curves = runs.indices.flatMap { lines(of: $0, measure.value) }
    let frame = PlotFrame(
      "\(measure.name) over steps", width: 560, height: 300, xScale: steps,
      yScale: measure.scale(curves.flatMap { $0.points.compactMap(\.y) }))
    let unit = measure.unit.isEmpty ? [] : [Markup.element("span", ["class": "key"], measure.unit)]
    return figure(measure.name, unit + runKeys, LinePlot(frame: frame, curves: curves).svg)
  }

  /// A line for a few or smooth values; the running mean before a pale line where there are many.
  private func lines(of run: Int, _ value: @escaping (StepRecord) -> Double?) -> [Curve] {
    let all = Curve(runs[run].metrics.records, color: color(run), style: .line, value).reduced(to: LinePlot.pointLimit)
    guard all.points.count >= 60, !all.isSmooth else { return [all] }
    return [
      Curve(points: all.points, color: all.color, style: .faint), all.smoothed(window: max(5, all.points.count / 30)),
    ]
  }

  private func figure(_ title: String, _ keys: [String], _ svg: String, name: String = "") -> String {
    let caption = Markup.element("figcaption", [:], Markup.element("h3", [:], Markup.escaped(title)) + keys.joined())
    return Markup.element("figure", ["class": name], caption + svg)
  }

  /// An entry of a legend.
  private func key(_ style: String, _ text: String, dot: Bool = false, isArea: Bool = false) -> String {
    var sample =
      isArea
      ? Markup.empty("rect", ["class": style, "x": "6", "y": "0", "width": "11", "height": "10"])
      : Markup.empty("line", ["class": style, "x1": "0", "x2": "22", "y1": "6", "y2": "6"])
    if dot {
      sample += Markup.empty(
        "circle", ["class": style.replacing("dashed", with: "dot"), "cx": "11", "cy": "6", "r": "3.5"])
    }
    let picture = Markup.element("svg", ["viewBox": "0 0 22 10", "aria-hidden": "true"], sample)
    return Markup.element("span", ["class": "key"], picture + Markup.escaped(text))
  }
}
