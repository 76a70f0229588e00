import ArgumentParser
import Foundation
import Report
import Training

/// `croco report`: one HTML file with curves, numbers and pictures of runs.
struct ReportCommand: SingleProcessCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes one HTML file with the curves, numbers and pictures of a run, or of several to compare.",
    discussion: """
      The file has everything inside and can be sent or archived as it is. Runs that still go on can be reported, too.
      """)

  @Argument(help: "Run folders, as croco train --output names them.", completion: .directory)
  var runs: [String]

  @Option(
    name: .shortAndLong, help: "The file to write. Default: report.html in the first run folder.",
    completion: .file(extensions: ["html"]))
  var output: String?

  func compute() throws {
    let path = output ?? RunFolder(runs[0]).reportFile
    try RunReport.write(runFolders: runs, to: path)
    print(path)
  }
}
