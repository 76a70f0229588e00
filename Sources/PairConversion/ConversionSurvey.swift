import Foundation
import PairData
import Runtime
import Storage

/// What planning a conversion needs to know of the image files: nothing where a preparation gives all stored sizes.
///
/// One rank looks at the files; ``numbers`` take the result to the others.
package struct ConversionSurvey: Sendable, Equatable {
  /// The length of each image's file in bytes, by number; 0 where it is missing. Empty where lengths do not matter.
  let lengths: [Int]
  /// The height and width that `raw` stores without a preparation: those of the first sound image.
  let rawSize: DatasetManifest.ImageSize?

  /// Looks at the files: only at their lengths, but for `raw` without a size.
  ///
  /// - Throws: `Failure` of kind `badData` where `raw` finds no image that it can read.
  package init(_ pairs: [PairCandidate], options: ConversionOptions) throws {
    let images = ImageTable(pairs)
    guard options.preparation == nil else {
      (lengths, rawSize) = ([], nil)
      return
    }
    if options.dataset.codec == .raw {
      lengths = []
      rawSize = try Self.firstSize(images, pairs, options)
    } else {
      lengths = Self.lengths(images, pairs, threadCount: options.threadCount)
      rawSize = nil
    }
  }

  /// The survey as numbers.
  var numbers: [Int] { [rawSize?.height ?? 0, rawSize?.width ?? 0] + lengths }

  /// A survey from its numbers.
  init(numbers: [Int]) {
    precondition(numbers.count >= 2, "a survey has at least 2 numbers, not \(numbers.count)")
    rawSize = numbers[0] > 0 ? .init(height: numbers[0], width: numbers[1]) : nil
    lengths = Array(numbers.dropFirst(2))
  }

  private static func lengths(_ images: ImageTable, _ pairs: [PairCandidate], threadCount: Int) -> [Int] {
    let piece = 1024
    return [Int](unsafeUninitializedCapacity: images.count) { lengths, count in
      let lengths = lengths
      WorkerPool(workerCount: threadCount).run((images.count + piece - 1) / piece) { task, _ in
        for image in task * piece..<min(images.count, (task + 1) * piece) {
          let path = images.use(ofImage: image, in: pairs).view.path
          lengths[image] = (try? FileSystem.status(of: path))?.bytes ?? 0
        }
      }
      count = images.count
    }
  }

  private static func firstSize(
    _ images: ImageTable, _ pairs: [PairCandidate], _ options: ConversionOptions
  ) throws -> DatasetManifest.ImageSize {
    var first: Failure?
    for image in 0..<images.count {
      do {
        let header = try EncodedImage(file: images.use(ofImage: image, in: pairs).view.path)
        return .init(height: header.height, width: header.width)
      } catch {
        let failure = Failure(describing: error)
        let origin = images.use(ofImage: image, in: pairs).pair.origin.map { "\($0): " } ?? ""
        first = first ?? Failure(.badData, origin + failure.message, hint: failure.hint)
        if !options.skipsBadFiles { break }
      }
    }
    throw first ?? Failure(.badData, "There is no pair to convert.", hint: "The list of pairs is empty.")
  }
}
