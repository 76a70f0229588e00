import Runtime
import Storage

/// Pairs of a collection with a ``StereoLayout``.
package struct StereoCollection {
  /// Which pairs are made.
  package enum Kind: String, Sendable, CaseIterable {
    /// Left and right view of a moment.
    case stereo
    /// Two moments of one camera, the left one.
    case temporal
    /// Stereo pairs, then temporal ones.
    case both
  }

  private let layout: any StereoLayout.Type
  private let kind: Kind
  private let sequences: FrameSequences
  private let only: [String]
  private let selection: ImageSelection
  private let skipsIncomplete: Bool

  /// How a collection is read.
  ///
  /// - Parameters:
  ///   - kind: which pairs are made.
  ///   - sequences: the distances of temporal pairs.
  ///   - only: where not empty, files count only below a folder of one of these names (view 1 decides).
  ///   - selection: which files are looked at.
  ///   - skipsIncomplete: whether views without a counterpart are left out instead of being an error.
  package init(
    _ layout: any StereoLayout.Type, kind: Kind = .stereo, sequences: FrameSequences = FrameSequences(gaps: 1...1),
    only: [String] = [], selection: ImageSelection = .all, skipsIncomplete: Bool = false
  ) {
    self.layout = layout
    self.kind = kind
    self.sequences = sequences
    self.only = only
    self.selection = selection
    self.skipsIncomplete = skipsIncomplete
  }

  private struct Found {
    let path: String
    let view: StereoView
  }

  /// The pairs below a folder, which may be the collection or any part of it that has both views.
  ///
  /// - Parameter log: receives a line where files are left out.
  /// - Throws: `Failure` of kind `noInput`, or `badData` that names the folder and the tree that is expected.
  package func pairs(in folder: String, log: (String) -> Void = { _ in }) throws -> [PairCandidate] {
    var unused = UnusedImages()
    let found = try find(in: folder, &unused, log)
    var pairs: [PairCandidate] = []
    if kind != .temporal { pairs += try stereo(found, folder, log) }
    if kind != .stereo { pairs += try temporal(found, folder, log) }
    addUnused(found, in: folder, pairs, &unused)
    unused.report(of: folder, to: log)
    return pairs
  }

  /// The files of the layout, in natural order.
  private func find(in folder: String, _ unused: inout UnusedImages, _ log: (String) -> Void) throws -> [Found] {
    let images = try CollectionFolder.images(in: folder, selection, tree: layout.tree)
    images.report(to: log)
    let root = CollectionFolder.parts(of: folder)
    var found: [Found] = []
    for subfolder in images.subfolders {
      for file in images.files[subfolder] ?? [] {
        let path = ImagePath(root: root, relative: file)
        if let view = layout.view(path) {
          found.append(Found(path: file, view: view))
        } else {
          unused.add(file, because: "not where \(layout.title) has its views")
        }
      }
    }
    guard !found.isEmpty else {
      throw Failure(
        .badData, "\(folder) holds \(images.count) images, but nothing that looks like \(layout.title).", hint: hint)
    }
    return found
  }

  /// What the layout knows, but no pair has, without that which a line of its own has named already.
  private func addUnused(
    _ found: [Found], in folder: String, _ pairs: [PairCandidate], _ unused: inout UnusedImages
  ) {
    let used = Set(pairs.lazy.flatMap { [ExactText($0.view1.path), ExactText($0.view2.path)] })
    for file in found where !used.contains(ExactText(view(file, folder).path)) {
      if !only.isEmpty {
        unused.add(file.path, because: "not below " + only.joined(separator: ", ") + ", or without a partner there")
      } else if kind == .temporal, file.view.side == .right {
        unused.add(file.path, because: "temporal pairs are of the left camera")
      } else if kind == .stereo, file.view.side == .alone {
        unused.add(file.path, because: "the set has one camera only, and no stereo pairs")
      }
    }
  }

  private func isWanted(_ file: Found, _ folder: String) -> Bool {
    only.isEmpty
      || !Set(only).isDisjoint(
        with: folder.appending(path: file.path).split(separator: "/").dropLast().map(String.init))
  }

  private func stereo(_ found: [Found], _ folder: String, _ log: (String) -> Void) throws -> [PairCandidate] {
    let left = found.filter { $0.view.side == .left && isWanted($0, folder) }
    let right = try byPair(found.filter { $0.view.side == .right }, folder)
    let leftPairs = Set(try byPair(found.filter { $0.view.side == .left }, folder).keys)
    let lonely =
      left.filter { right[ExactText($0.view.pair)] == nil }
      + found.filter { $0.view.side == .right && !leftPairs.contains(ExactText($0.view.pair)) && isWanted($0, folder) }
    if !lonely.isEmpty {
      let sentence = "\(lonely.count) images of \(folder) have no counterpart for the other eye: \(names(lonely))"
      guard skipsIncomplete else {
        throw Failure(
          .badData, sentence + ".", hint: "\(hint) Get the missing half, or leave it out with \(.skippingBadFiles).")
      }
      log(sentence + "; they are left out")
    }
    let pairs = left.compactMap { file in
      right[ExactText(file.view.pair)].map { other in
        PairCandidate(view(file, folder), view(other, folder), scene: file.view.scene)
      }
    }
    guard !pairs.isEmpty else {
      let selection = only.isEmpty ? "" : " below " + only.joined(separator: ", ")
      throw Failure(.badData, "\(folder) has no stereo pair of \(layout.title)\(selection).", hint: hint)
    }
    return pairs
  }

  private func byPair(_ files: [Found], _ folder: String) throws -> [ExactText: Found] {
    var result: [ExactText: Found] = [:]
    for file in files {
      if let other = result.updateValue(file, forKey: ExactText(file.view.pair)) {
        throw Failure(
          .badData, "\(folder) holds \(other.path) and \(file.path), which are the same view.", hint: "Remove one.")
      }
    }
    return result
  }

  private func temporal(_ found: [Found], _ folder: String, _ log: (String) -> Void) throws -> [PairCandidate] {
    var frames: [ExactText: [Found]] = [:]
    for file in found where file.view.side != .right && isWanted(file, folder) {
      if let sequence = file.view.sequence { frames[ExactText(sequence), default: []].append(file) }
    }
    guard !frames.isEmpty else {
      throw Failure(
        .badData, "\(folder) has no sequence of frames.", hint: "Ask for \(.pairKind) stereo. \(hint)")
    }
    return try sequences.pairs(
      of: frames.keys.sorted { NaturalOrder.precedes($0.text, $1.text) }.map { name in
        let files = frames[name] ?? []
        return .init(scene: files[0].view.scene, frames: files.map { view($0, folder) })
      }, in: folder, log: log)
  }

  private func view(_ file: Found, _ folder: String) -> PairCandidate.View {
    .init(path: folder.appending(path: file.path), source: file.path)
  }

  private func names(_ files: [Found]) -> String {
    files.map(\.path).firstNames
  }

  private var hint: Advice { "Expected: \(layout.tree)." }
}
