import Foundation
import Report
import Runtime
import Storage
import TestSupport

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Run folders with written-out metrics.
struct ReportFixture {
  /// The result of an evaluation as `croco evaluate` writes it.
  static let evaluation = """
    {"checkpoint": "checkpoints/step-00000200", "loss": {"true": 0.375, "shuffled": 1.0, "blank": 0.75, "identical": 0.25}, \
    "pairs": 640, "reference_gain": 0.625, "true_over_blank": 0.5}
    """

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The path of a file or folder of the fixture.
  func path(_ name: String) -> String { name.hasPrefix("/") ? name : folder.path + "/" + name }

  /// Writes a text and the folders above it.
  func write(_ text: String, _ name: String) throws {
    try FileSystem.createFolder((path(name) as NSString).deletingLastPathComponent)
    try Publication.publishText(text, at: path(name))
  }

  /// A run whose loss falls until three quarters of it, and rises from there; gives its folder.
  func run(_ name: String, steps: ClosedRange<Int>, validationEvery interval: Int = 0) throws -> String {
    let turn = Double(steps.upperBound) * 0.75
    let lines = steps.map { step -> String in
      let loss = 0.4 + abs(Double(step) - turn) / turn
      let validation = interval > 0 && step % interval == 0 ? #","validation_loss":\#(loss + 0.1)"# : ""
      return
        #"{"step":\#(step),"epoch":\#(Double(step) / 10),"loss":\#(loss),"grad_norm":\#(1 / Double(step)),"lr":0.001,"#
        + #""ms":100.0,"ms_data":5.0,"ms_forward":30.0,"ms_backward":50.0,"ms_reduce":2.0,"ms_optimizer":8.0,"#
        + #""pairs_per_s":80.0\#(validation)}"#
    }
    try write(lines.joined(separator: "\n") + "\n", "\(name)/metrics.jsonl")
    return path(name)
  }

  /// A line of metrics with a loss as text, which may be no number.
  static func line(_ step: Int, loss: String) -> String {
    #"{"step":\#(step),"epoch":0.5,"loss":\#(loss),"grad_norm":\#(loss),"lr":0.001,"ms":100,"ms_data":\#(loss),"pairs_per_s":10}"#
  }

  /// Writes a report about runs and gives its text.
  func report(_ runs: [String]) throws -> String {
    try RunReport.write(runFolders: runs.map(path), to: path("report.html"))
    return try String(contentsOfFile: path("report.html"), encoding: .utf8)
  }

  /// The failure of a report.
  func failure(_ runs: [String]) -> Failure? {
    do { _ = try report(runs) } catch { return error as? Failure }
    return nil
  }
}

/// What an XML parser finds in a page.
final class XMLOutline: NSObject, XMLParserDelegate {
  /// How often each element occurs.
  private(set) var elements: [String: Int] = [:]
  /// All attributes in order.
  private(set) var attributes: [(element: String, name: String, value: String)] = []
  /// All text.
  private(set) var text = ""
  /// The texts of the cells of tables, without what stands below in small print.
  private(set) var cells: [String] = []
  private var open: [String] = []

  /// Parses a page; nil where it is not well-formed.
  init?(_ page: String) {
    super.init()
    let parser = XMLParser(data: Data(page.utf8))
    parser.delegate = self
    guard parser.parse() else { return nil }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes values: [String: String]
  ) {
    elements[name, default: 0] += 1
    attributes += values.map { (name, $0.key, $0.value) }
    if name == "td" { cells.append("") }
    open.append(name)
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    open.removeLast()
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    text += string
    if open.contains("td"), open.last != "span" { cells[cells.count - 1] += string }
  }
}
