import Foundation
import Runtime
import Storage

/// The image files of a folder and its sub-folders.
package struct ImageFolder {
  /// Paths relative to the folder, in natural order, by sub-folder ("" for the folder itself).
  package private(set) var files: [ExactText: [String]] = [:]
  /// Images that the selection leaves out.
  private(set) var unused = UnusedImages()
  /// Files that are not named like JPEG, PNG or WebP images.
  private var ignoredCount = 0

  private let path: String
  private let walk: FolderWalk

  /// The sub-folders that hold images, in natural order.
  package var subfolders: [ExactText] { files.keys.sorted { NaturalOrder.precedes($0.text, $1.text) } }

  /// The number of image files that are taken.
  package var count: Int { files.values.reduce(0) { $0 + $1.count } }

  private static let suffixes: Set<String> = ["jpg", "jpeg", "png", "webp"]

  /// Whether a path is named like an image.
  static func isImage(_ path: String) -> Bool { suffixes.contains((path as NSString).pathExtension.lowercased()) }

  /// Lists a folder; links are followed, hidden files left out.
  ///
  /// - Throws: `Failure` of kind `noInput` that names the folder, or `badData` where there is no image.
  package init(_ path: String, _ selection: ImageSelection = .all) throws {
    self.path = path
    walk = try FolderWalk(path)
    for folder in walk.folders {
      for file in folder.files {
        if !Self.isImage(file) {
          ignoredCount += 1
        } else if let reason = selection.reason(against: file) {
          unused.add(file, because: reason)
        } else {
          files[ExactText(folder.path), default: []].append(file)
        }
      }
    }
    guard files.isEmpty else { return }
    guard unused.count > 0 else {
      throw Failure(
        .badData, "\(path) holds no images: no file in it is named .jpg, .jpeg, .png or .webp.", hint: "Check the path."
      )
    }
    var reasons: [String] = []
    unused.report(of: path) { reasons.append($0) }
    throw Failure(
      .badData, "\(path) holds no image that is taken. " + reasons.joined(separator: "; "),
      hint: "Name other patterns with \(.includedNames) and \(.excludedNames).")
  }

  /// Logs what was seen and left out: files that are no images, those that the selection leaves out, links in circles.
  package func report(to log: (String) -> Void) {
    if ignoredCount > 0 {
      log("\(path): \(ignoredCount) files are left out, not being named .jpg, .jpeg, .png or .webp")
    }
    unused.report(of: path, to: log)
    walk.report(to: log)
  }
}

/// The order in which people number files: runs of digits compare as numbers, so frame2 comes before frame10.
enum NaturalOrder {
  /// Whether one name comes before another.
  static func precedes(_ a: String, _ b: String) -> Bool {
    let (left, right) = (Array(a.utf8), Array(b.utf8))
    var (i, j) = (0, 0)
    while i < left.count, j < right.count {
      if isDigit(left[i]), isDigit(right[j]) {
        let (runA, runB) = (digits(left, &i), digits(right, &j))
        if runA.count != runB.count { return runA.count < runB.count }
        if !runA.elementsEqual(runB) { return runA.lexicographicallyPrecedes(runB) }
      } else if left[i] != right[j] {
        return left[i] < right[j]
      } else {
        i += 1
        j += 1
      }
    }
    if (left.count - i == 0) != (right.count - j == 0) { return i == left.count }
    // Equal but for leading zeros: any fixed order will do.
    return left.lexicographicallyPrecedes(right)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// The run of digits at `index` without leading zeros; `index` moves past it.
  private static func digits(_ text: [UInt8], _ index: inout Int) -> ArraySlice<UInt8> {
    let start = index
    while index < text.count, isDigit(text[index]) { index += 1 }
    return text[start..<index].drop { $0 == 0x30 }
  }
}
