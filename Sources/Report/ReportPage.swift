import Foundation
import Training

/// The page of a report: well-formed XHTML that browsers read as HTML, with everything inside.
struct ReportPage {
  private let runs: [RunRecord]
  private let figures: ReportFigures

  init(_ runs: [RunRecord]) {
    self.runs = runs
    figures = ReportFigures(runs)
  }

  /// The text of the file.
  var html: String {
    let title = runs.map(\.name).joined(separator: ", ")
    let head =
      #"<meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>"#
      + Markup.element("title", [:], "croco: \(Markup.escaped(title))")
      // The style sheet has no character that XML or HTML would read as markup.
      + Markup.element("style", [:], "\n\(ReportStyle.css)\n")
    let body = [
      heading(title), summary, differences, curves, evaluations, pictures, beginnings, configurations, logs,
    ]
    .filter { !$0.isEmpty }.joined(separator: "\n")
    return "<!DOCTYPE html>\n"
      + Markup.element(
        "html", ["xmlns": "http://www.w3.org/1999/xhtml", "lang": "en"],
        Markup.element("head", [:], head) + "\n" + Markup.element("body", [:], "\n\(body)\n")) + "\n"
  }

  // MARK: Sections

  private func heading(_ title: String) -> String {
    var parts = [Markup.element("h1", [:], Markup.escaped(runs.count == 1 ? title : "\(runs.count) runs"))]
    if let model = runs.count == 1 ? runs[0].configuration?.description : nil {
      parts.append(Markup.element("p", ["class": "quiet"], Markup.escaped(model)))
    }
    for run in runs {
      guard let ending = run.ending else { continue }
      let text = "\(runs.count == 1 ? "" : run.name + ": ")ended with code \(ending.code): \(ending.sentence)"
      parts.append(Markup.element("p", ["class": "note"], Markup.escaped(text)))
    }
    for run in runs where run.metrics.unreadableLineCount > 0 {
      let count = run.metrics.unreadableLineCount
      let text =
        "\(run.name): \(count) \(count == 1 ? "line" : "lines") of metrics.jsonl could not be read and are left out."
      parts.append(Markup.element("p", ["class": "note"], Markup.escaped(text)))
    }
    return parts.joined(separator: "\n")
  }

  private var summary: String {
    let summaries = runs.map { RunSummary($0).items }
    guard runs.count > 1 else {
      let tiles = summaries[0].map { item in
        Markup.element(
          "dl", ["class": "tile"],
          Markup.element("dt", [:], Markup.escaped(item.name))
            + Markup.element("dd", ["class": "value"], Markup.escaped(item.value))
            + Markup.element("dd", ["class": "quiet"], Markup.escaped(item.detail)))
      }
      return Markup.element("div", ["class": "tiles"], tiles.joined(separator: "\n"))
    }
    let names = summaries.max { $0.count < $1.count }?.map(\.name) ?? []
    let rows = runs.indices.map { index in
      let cells = names.map { name -> Cell in
        guard let item = summaries[index].first(where: { $0.name == name }) else { return cell("–") }
        return Cell(
          content: Markup.escaped(item.value) + Markup.element("span", ["class": "quiet"], Markup.escaped(item.detail)))
      }
      return [nameCell(index)] + cells
    }
    return table(["Run"] + names, rows)
  }

  private var curves: String {
    let grid = (figures.measures + [figures.stages]).joined(separator: "\n")
    let note =
      "Stages are timed on rank 0; means leave out the first step. Reduction includes waiting for slower ranks."
    return section(
      "Course",
      figures.loss + "\n" + Markup.element("div", ["class": "grid2"], grid)
        + Markup.element("p", ["class": "quiet"], note))
  }

  private var evaluations: String {
    let evaluated = runs.indices.filter { runs[$0].evaluation != nil }
    guard !evaluated.isEmpty else { return "" }
    let known = ["true", "identical", "blank", "shuffled"]
    let largest = evaluated.flatMap { runs[$0].evaluation?.loss.values.compactMap { $0 } ?? [] }.max() ?? 1
    let rows = evaluated.flatMap { index -> [[Cell]] in
      guard let evaluation = runs[index].evaluation else { return [] }
      let others = evaluation.loss.keys.filter { !known.contains($0) }.sorted()
      return (known + others).compactMap { reference in
        evaluation.loss[reference].flatMap(\.self).map {
          (runs.count == 1 ? [] : [nameCell(index)])
            + [cell(reference), cell(Numeral.fixed($0, 4), "number"), bar($0 / largest, index)]
        }
      }
    }
    let titles = (runs.count == 1 ? [] : ["Run"]) + ["Second view", "Loss", ""]
    let facts = evaluated.compactMap { index -> String? in
      guard let evaluation = runs[index].evaluation else { return nil }
      let prefix = runs.count == 1 ? "" : "\(runs[index].name): "
      let checkpoint = evaluation.checkpoint.map { " from \($0)" } ?? ""
      return Markup.element(
        "p", [:],
        Markup.escaped(
          "\(prefix)Reference gain \(evaluation.referenceGain.map { Numeral.fixed($0, 3) } ?? "unknown (one scene)") on "
            + "\(Numeral.grouped(evaluation.pairs)) pairs\(checkpoint)."
        ))
    }
    let meaning = Markup.element(
      "p", ["class": "quiet"],
      "The masked loss with the true second view, and with another in its place. The reference gain is 1 - loss with "
        + "the true / loss with a shuffled reference: 0 for a network that ignores the second view."
    )
    return section(
      "Evaluation", facts.joined() + table(titles, rows, numberColumn: titles.count - 2) + meaning)
  }

  private var pictures: String {
    let figures = runs.flatMap { run in
      run.pictures.reversed().map { picture -> String in
        let prefix = runs.count == 1 ? "" : "\(run.name), "
        let caption = "\(prefix)step \(Numeral.grouped(picture.step))"
        let image = Markup.empty(
          "img",
          [
            "alt": "Reconstructions of \(caption)",
            "src": "data:image/png;base64,\(picture.data.base64EncodedString())",
          ])
        return Markup.element(
          "figure", [:],
          Markup.element("figcaption", [:], Markup.element("h3", [:], Markup.escaped(caption))) + image)
      }
    }
    guard !figures.isEmpty else { return "" }
    return section("Reconstructions", Markup.element("div", ["class": "pictures"], figures.joined(separator: "\n")))
  }

  /// On what the runs were computed, of what data, as each said itself.
  private var beginnings: String {
    let texts = runs.compactMap { run -> String? in
      let lines = run.beginning + (run.versions.map { ["Versions: \($0)."] } ?? [])
      guard !lines.isEmpty else { return nil }
      let title = runs.count == 1 ? "" : Markup.element("h3", [:], Markup.escaped(run.name))
      return title + lines.map { Markup.element("p", [:], Markup.escaped($0)) }.joined(separator: "\n")
    }
    return texts.isEmpty ? "" : section("Machine and data", texts.joined(separator: "\n"))
  }

  private var configurations: String {
    let texts = runs.compactMap { run in
      run.configurationText.map { details(runs.count == 1 ? "config.yaml" : "\(run.name): config.yaml", $0) }
    }
    guard !texts.isEmpty else { return "" }
    return section("Configuration", texts.joined(separator: "\n"))
  }

  /// The keys in which the runs differ, with their values.
  private var differences: String {
    let readable = runs.indices.filter { runs[$0].configuration != nil }
    guard readable.count > 1 else { return "" }
    let rows = ConfigurationSchema.entries.compactMap { entry -> [Cell]? in
      let values = readable.map { index in runs[index].configuration.map(entry.format) ?? "" }
      guard Set(values).count > 1 else { return nil }
      return [cell(entry.path)] + values.map { cell($0) }
    }
    let content =
      rows.isEmpty
      ? Markup.element("p", [:], "The runs have the same configuration.")
      : table(["Key"] + readable.map { runs[$0].name }, rows)
    return section("What differs", content)
  }

  private var logs: String {
    let texts = runs.compactMap { run -> String? in
      guard !run.lastLogLines.isEmpty else { return nil }
      let title = "last lines of log.txt"
      return details(runs.count == 1 ? title : "\(run.name): \(title)", run.lastLogLines.joined(separator: "\n"))
    }
    return texts.isEmpty ? "" : section("Log", texts.joined(separator: "\n"))
  }

  // MARK: Pieces

  private func section(_ title: String, _ content: String) -> String {
    Markup.element("section", [:], Markup.element("h2", [:], title) + "\n" + content)
  }

  private func details(_ title: String, _ text: String) -> String {
    Markup.element(
      "details", [:],
      Markup.element("summary", [:], Markup.escaped(title)) + Markup.element("pre", [:], Markup.escaped(text)))
  }

  /// A cell of a table.
  private struct Cell {
    /// Finished markup.
    let content: String
    /// The name of its style.
    var style = ""
  }

  /// A table; narrow screens show a row as lines, each with the title of its column.
  private func table(_ titles: [String], _ rows: [[Cell]], numberColumn: Int? = nil) -> String {
    let head = titles.enumerated().map { index, title in
      Markup.element("th", ["class": index == numberColumn ? "number" : ""], Markup.escaped(title))
    }
    let body = rows.map { row in
      let cells = zip(titles, row).map { title, cell in
        title.isEmpty
          ? Markup.element("td", ["class": cell.style], cell.content)
          : Markup.element("td", ["class": cell.style, "data-name": title], cell.content)
      }
      return Markup.element("tr", [:], cells.joined())
    }
    return Markup.element(
      "table", [:],
      Markup.element("thead", [:], Markup.element("tr", [:], head.joined()))
        + Markup.element("tbody", [:], body.joined(separator: "\n")))
  }

  private func cell(_ text: String, _ style: String = "") -> Cell { Cell(content: Markup.escaped(text), style: style) }

  private func nameCell(_ run: Int) -> Cell {
    let style = runs.count == 1 ? "" : "s\(figures.color(run))"
    return Cell(content: Markup.element("strong", [:], Markup.escaped(runs[run].name)), style: style)
  }

  private func bar(_ share: Double, _ run: Int) -> Cell {
    let width = Int((240 * min(1, max(0, share))).rounded())
    return Cell(
      content: Markup.element("span", ["class": "bar s\(figures.color(run))", "style": "width: \(width)px"], ""))
  }
}

extension TrainingConfiguration {
  /// One sentence: network, images and batch.
  fileprivate var description: String {
    "Encoder \(model.encoderDimension) x \(model.encoderDepth) blocks, decoder \(model.decoderDimension) x "
      + "\(model.decoderDepth) blocks, \(model.positionEmbedding) positions; images of \(model.imageHeight) x "
      + "\(model.imageWidth) pixels in patches of \(model.patchSize), "
      + "\(Int((100 * model.maskRatio).rounded())) % hidden; batches of \(batch.globalBatchSize) pairs."
  }
}
