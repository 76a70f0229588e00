/// The images that a converter saw and does not use, with the reasons: nothing is left out without a word.
struct UnusedImages {
  private var paths: [(reason: String, paths: [String])] = []
  private let noun: String

  /// None yet.
  ///
  /// - Parameter noun: what they are.
  init(noun: String = "image") { self.noun = noun }

  /// The number of images.
  var count: Int { paths.reduce(0) { $0 + $1.paths.count } }

  /// Leaves an image out.
  ///
  /// - Parameter reason: what follows "is not used: ", the same words for the same kind.
  mutating func add(_ path: String, because reason: String) {
    if let place = paths.firstIndex(where: { $0.reason == reason }) {
      paths[place].paths.append(path)
    } else {
      paths.append((reason, [path]))
    }
  }

  /// Logs a line for every reason, with some of the names.
  ///
  /// - Parameter folder: where they lie, for people.
  func report(of folder: String, to log: (String) -> Void) {
    for (reason, paths) in paths {
      let images = paths.count == 1 ? "1 \(noun) is" : "\(paths.count) \(noun)s are"
      log("\(folder): \(images) not used: \(reason) (\(paths.firstNames))")
    }
  }
}

extension Collection where Element: StringProtocol {
  /// Some of the names, for a sentence about all of them: "a.png, b.png, c.png, ...".
  var firstNames: String { prefix(3).joined(separator: ", ") + (count > 3 ? ", ..." : "") }
}
