/// The frame of a plot: its size, axes, grid and labels, as SVG.
struct PlotFrame {
  let width: Double
  let height: Double
  let xScale: PlotScale
  let yScale: PlotScale
  /// What the plot shows, for readers that see no picture.
  let title: String

  private let left = 62.0
  private let right = 26.0
  private let top = 10.0
  private let bottom = 40.0

  init(_ title: String, width: Double, height: Double, xScale: PlotScale, yScale: PlotScale) {
    (self.title, self.width, self.height, self.xScale, self.yScale) = (title, width, height, xScale, yScale)
  }

  /// The horizontal place of a step, in pixels.
  func x(_ value: Double) -> Double { left + xScale.position(value) * (width - left - right) }

  /// The vertical place of a value, in pixels from the top.
  func y(_ value: Double) -> Double { top + (1 - yScale.position(value)) * (height - top - bottom) }

  /// The plot around what is drawn into it; what leaves the axes is cut off.
  func svg(_ content: String) -> String {
    let c = Markup.coordinate
    // A nested svg cuts off at its edges; the margin leaves room for circles on them.
    let margin = 5.0
    let (x, y) = (c(left - margin), c(top - margin))
    let (areaWidth, areaHeight) = (c(width - left - right + 2 * margin), c(height - top - bottom + margin))
    let area = Markup.element(
      "svg",
      [
        "x": x, "y": y, "width": areaWidth, "height": areaHeight, "viewBox": "\(x) \(y) \(areaWidth) \(areaHeight)",
      ], content)
    return Markup.element(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "plot", "viewBox": "0 0 \(c(width)) \(c(height))",
        "role": "img",
        "aria-label": title,
      ], grid + area + axes)
  }

  private var grid: String {
    yScale.ticks.map { Self.line("grid", left, width - right, y($0), y($0)) }.joined()
  }

  private var axes: String {
    let base = height - bottom
    var parts = [Self.line("axis", left, width - right, base, base)]
    parts += yScale.ticks.map { Self.text(yScale.label($0), left - 8, y($0) + 4.5, anchor: "end") }
    for tick in xScale.ticks {
      parts.append(Self.line("axis", x(tick), x(tick), base, base + 4))
      parts.append(Self.text(xScale.label(tick), x(tick), base + 19, anchor: "middle"))
    }
    parts.append(Self.text("step", (left + width - right) / 2, height - 4, anchor: "middle"))
    return parts.joined()
  }

  private static func line(_ name: String, _ x1: Double, _ x2: Double, _ y1: Double, _ y2: Double) -> String {
    let c = Markup.coordinate
    return Markup.empty("line", ["class": name, "x1": c(x1), "x2": c(x2), "y1": c(y1), "y2": c(y2)])
  }

  private static func text(_ text: String, _ x: Double, _ y: Double, anchor: String) -> String {
    let c = Markup.coordinate
    return Markup.element("text", ["x": c(x), "y": c(y), "text-anchor": anchor], Markup.escaped(text))
  }
}

/// Curves over steps.
struct LinePlot {
  /// Points that a curve has at most; more than a screen shows.
  static let pointLimit = 600

  let frame: PlotFrame
  let curves: [Curve]

  /// The plot as SVG.
  var svg: String { frame.svg(curves.map(draw).joined()) }

  private func draw(_ curve: Curve) -> String {
    let path = Markup.empty("path", ["class": "\(Self.name(curve.style)) s\(curve.color)", "d": path(curve.points)])
    let dots = curve.points.indices.filter { curve.style == .markers || isAlone($0, curve.points) }
    return path + dots.compactMap { dot(curve.points[$0], curve) }.joined()
  }

  /// Whether a point has no neighbour to be joined with, so that a line would not show it.
  private func isAlone(_ index: Int, _ points: [Curve.Point]) -> Bool {
    (index == 0 || points[index - 1].y == nil) && (index == points.count - 1 || points[index + 1].y == nil)
  }

  private func dot(_ point: Curve.Point, _ curve: Curve) -> String? {
    guard let value = point.y else { return nil }
    let c = Markup.coordinate
    return Markup.element(
      "circle", ["class": "dot s\(curve.color)", "cx": c(frame.x(point.x)), "cy": c(frame.y(value)), "r": "4"],
      Markup.element("title", [:], "step \(Numeral.grouped(Int(point.x))): \(Numeral.short(value, digits: 4))"))
  }

  private func path(_ points: [Curve.Point]) -> String {
    var text = ""
    var isOpen = false
    for point in points {
      guard let value = point.y else {
        isOpen = false
        continue
      }
      text += "\(isOpen ? "L" : "M")\(Markup.coordinate(frame.x(point.x))) \(Markup.coordinate(frame.y(value)))"
      isOpen = true
    }
    return text
  }

  private static func name(_ style: Curve.Style) -> String {
    switch style {
    case .line: "line"
    case .faint: "faint"
    case .markers: "dashed"
    }
  }
}
