import Foundation
import Runtime
import Storage

/// `report.html`: what a run, or several, did, in one file that needs nothing else.
package enum RunReport {
  /// Reads run folders and writes one page about them, by rename; several runs share the same plots.
  ///
  /// - Throws: `Failure` of kind `noInput` (a folder without metrics), `badData` (no step yet, a broken evaluation) or
  ///   `inputOutput`.
  package static func write(runFolders: [String], to path: String) throws {
    try Publication.publishText(html(runFolders: runFolders), at: path)
  }

  /// The text of the page.
  ///
  /// - Throws: `Failure` of kind `noInput` or `badData`.
  static func html(runFolders: [String]) throws(Failure) -> String {
    precondition(!runFolders.isEmpty, "a report is about at least one run")
    var runs: [RunRecord] = []
    for folder in runFolders { runs.append(try RunRecord(path: folder, pictureLimit: runFolders.count == 1 ? 3 : 1)) }
    // Folders of the same name are told apart by their paths.
    let counts = Dictionary(runs.map { ($0.name, 1) }, uniquingKeysWith: +)
    for index in runs.indices where counts[runs[index].name, default: 0] > 1 {
      runs[index].name = runs[index].folder.path
    }
    return ReportPage(runs).html
  }
}
