/// The mean time of a step by stage, a bar a run.
struct StageBars {
  /// Names, and milliseconds by stage in order.
  let runs: [(name: String, milliseconds: [Double])]

  private let width = 560.0
  private let rowHeight = 44.0

  /// The bars as SVG.
  var svg: String {
    let c = Markup.coordinate
    let longest = runs.map { $0.milliseconds.reduce(0, +) }.max() ?? 0
    let scale = longest > 0 ? (width - 90) / longest : 0
    let rows = runs.enumerated().map { index, run in row(run, top: Double(index) * rowHeight + 8, scale) }
    return Markup.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "plot", "role": "img",
        "aria-label": "Mean time of a step by stage",
        "viewBox": "0 0 \(c(width)) \(c(Double(runs.count) * rowHeight + 12))",
      ], rows.joined())
  }

  private func row(_ run: (name: String, milliseconds: [Double]), top: Double, _ scale: Double) -> String {
    let c = Markup.coordinate
    var left = 0.0
    var parts = [Markup.element("text", ["x": "0", "y": c(top + 12)], Markup.escaped(run.name))]
    for (stage, milliseconds) in run.milliseconds.enumerated() {
      let length = milliseconds * scale
      parts.append(
        Markup.empty(
          "rect", ["class": "t\(stage)", "x": c(left), "y": c(top + 18), "width": c(length), "height": "16"]))
      left += length
    }
    let total = Numeral.milliseconds(run.milliseconds.reduce(0, +))
    parts.append(Markup.element("text", ["x": c(left + 8), "y": c(top + 31)], total))
    return parts.joined()
  }
}
