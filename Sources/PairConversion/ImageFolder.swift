import Foundation
import Runtime
import Storage

/// The image files of a folder and its sub-folders.
package struct ImageFolder {
  /// Paths relative to the folder, in natural order, by sub-folder ("" for the folder itself).
  package private(set) var files: [ExactText: [String]] = [:]
  /// Files that are not named like JPEG, PNG or WebP images.
  package private(set) var ignoredCount = 0

  /// The sub-folders that hold images, in natural order.
  package var subfolders: [ExactText] { files.keys.sorted { NaturalOrder.precedes($0.text, $1.text) } }

  /// The number of image files.
  package var count: Int { files.values.reduce(0) { $0 + $1.count } }

  private static let suffixes: Set<String> = ["jpg", "jpeg", "png", "webp"]

  /// Lists a folder; links are followed, hidden files left out.
  ///
  /// - Throws: `Failure` of kind `noInput` that names the folder, or `badData` where there is no image.
  package init(_ path: String) throws {
    try list(path, "", depth: 0)
    guard !files.isEmpty else {
      throw Failure(
        .badData, "\(path) holds no images: no file in it is named .jpg, .jpeg, .png or .webp.", hint: "Check the path."
      )
    }
  }

  private mutating func list(_ root: String, _ subfolder: String, depth: Int) throws {
    // Links can form circles.
    guard depth < 32 else { throw Failure(.badData, "\(root)/\(subfolder) is nested too deeply.") }
    let folder = subfolder.isEmpty ? root : root.appending(path: subfolder)
    guard FileSystem.isFolder(folder), let names = try? FileSystem.names(in: folder) else {
      throw Failure(.noInput, "Cannot read the folder \(folder).", hint: "Does it exist, and may you read it?")
    }
    for name in names.sorted(by: NaturalOrder.precedes) where !name.hasPrefix(".") {
      let relative = subfolder.appending(path: name)
      guard let status = try? FileSystem.status(of: root.appending(path: relative)) else { continue }
      if status.isFolder {
        try list(root, relative, depth: depth + 1)
      } else if Self.suffixes.contains((name as NSString).pathExtension.lowercased()) {
        files[ExactText(subfolder), default: []].append(relative)
      } else {
        ignoredCount += 1
      }
    }
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
