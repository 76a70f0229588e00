import Runtime
import Storage

/// The models that are read of all that were found, and their images, each once.
///
/// A model is left out if more than half of its images are those of models before it, in the same workspace by name or
/// anywhere by file: it is the same reconstruction in another form.
struct ColmapSelection {
  /// A model that is read.
  struct Source {
    let place: ColmapPlace
    let model: ColmapModel
    /// The folder of its images.
    let root: String
    /// The number of each of its images in ``ColmapSelection/views``.
    let views: [Int]
  }

  private(set) var sources: [Source] = []
  private(set) var views: [PairCandidate.View] = []
  /// The numbers of images by file, and by workspace and name.
  private var numbers: [ExactText: Int] = [:]
  /// Models whose images were not found.
  private var imageless: [(place: ColmapPlace, model: ColmapModel)] = []

  /// Chooses models; their points are not read yet.
  ///
  /// - Parameters:
  ///   - leavesOutImageless: whether models of which no image is found are left out, with a line.
  ///   - log: receives a line for every model that is left out, and for every one with missing images.
  /// - Throws: `Failure` of kind `badData` for a damaged model, or `noInput` for one without images.
  init(
    _ places: [ColmapPlace], images: ColmapImages, leavesOutImageless: Bool, log: (String) -> Void
  ) throws {
    let hasManyRoots = Set(places.map { ExactText($0.workspace) }).count > 1
    for place in places {
      let model = try ColmapModel(folder: place.path)
      let keys = Self.keys(model, in: place)
      guard !isKnown(keys, place, log: log) else { continue }
      guard let root = images.root(of: model.images, model: place.path) else {
        imageless.append((place, model))
        continue
      }
      let files = model.images.map { root.path.appending(path: $0) }
      guard !isKnown(files, place, log: log) else { continue }
      if root.found < model.images.count {
        log("\(place.path): \(model.images.count - root.found) of \(model.images.count) images are not in \(root.path)")
      }
      var prefix = hasManyRoots ? place.name + "/" : ""
      if case .folder = images { prefix = "" }
      let views = model.images.indices.map { image in
        add(files[image], key: keys[image], source: prefix + model.images[image])
      }
      sources.append(Source(place: place, model: model, root: root.path, views: views))
    }
    for (place, model) in imageless where !isKnown(Self.keys(model, in: place), place, log: log) {
      let failure = images.failure(place.path, imageCount: model.images.count)
      guard leavesOutImageless, !sources.isEmpty else { throw failure }
      log("\(place.path) is not read: \(failure.message)")
    }
  }

  /// What an image is called in its workspace, the same for a copy without distortion (ETH3D's folders say which is one).
  private static func keys(_ model: ColmapModel, in place: ColmapPlace) -> [String] {
    model.images.map { place.workspace + "\n" + $0.replacing("_undistorted", with: "") }
  }

  private func isKnown(_ keys: [String], _ place: ColmapPlace, log: (String) -> Void) -> Bool {
    let known = keys.compactMap { numbers[ExactText($0)] }
    guard let first = known.first, 2 * known.count > keys.count else { return false }
    let other = sources.first { $0.views.contains(first) }?.place.path ?? ""
    log("\(place.path) is not read: \(known.count) of its \(keys.count) images are those of \(other)")
    return true
  }

  private mutating func add(_ file: String, key: String, source: String) -> Int {
    let number = numbers[ExactText(file)] ?? numbers[ExactText(key)] ?? views.count
    if number == views.count { views.append(PairCandidate.View(path: file, source: source)) }
    numbers[ExactText(file)] = number
    numbers[ExactText(key)] = number
    return number
  }

  /// The images that were seen and are in no pair, and files beside them that no model has.
  ///
  /// - Parameter used: for every view, whether a pair has it.
  func unused(_ used: [Bool]) -> UnusedImages {
    var unused = UnusedImages()
    for (view, isUsed) in zip(views, used) where !isUsed {
      unused.add(view.source, because: "in no pair with enough points and an overlap within the limits")
    }
    var roots: Set<ExactText> = []
    for source in sources where roots.insert(ExactText(source.root)).inserted {
      guard let folder = try? ImageFolder(source.root) else { continue }
      for file in folder.subfolders.flatMap({ folder.files[$0] ?? [] }) {
        let path = source.root.appending(path: file)
        if numbers[ExactText(path)] == nil { unused.add(path, because: "in no model that is read") }
      }
    }
    return unused
  }
}
