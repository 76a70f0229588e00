import Foundation
import Runtime
import Storage

/// What pairs need of a sparse COLMAP model: the names of the images, and which of them see each 3D point.
///
/// Source: COLMAP's documentation, "Output Format"; `images.bin` and `points3D.bin`, or the same as `.txt`.
struct ColmapModel {
  /// The names of the images, in natural order.
  let images: [String]
  /// Each point's images, ascending and distinct, as numbers into ``images``; point p has those of
  /// `trackEnds[p - 1] ..< trackEnds[p]`.
  private(set) var tracks: [Int32] = []
  private(set) var trackEnds: [Int] = []

  private let isBinary: Bool
  private let imagesPath: String
  private let pointsPath: String
  /// The places in ``images`` by the model's own numbers.
  private var numbers: [UInt32: Int32] = [:]

  /// Whether a folder holds a sparse model.
  static func isPresent(in folder: String) -> Bool { suffix(in: folder) != nil }

  private static func suffix(in folder: String) -> String? {
    [".bin", ".txt"].first { suffix in
      ["images", "points3D"].allSatisfy { CollectionFolder.hasFile(folder.appending(path: $0) + suffix) }
    }
  }

  /// Reads the images of a model; the points come later.
  ///
  /// - Throws: `Failure` of kind `noInput` where there is none, or `badData` that names the damaged file.
  init(folder: String) throws {
    guard let suffix = Self.suffix(in: folder) else {
      throw Failure(.noInput, "\(folder) holds no COLMAP model.", hint: "Expected: \(ColmapPairs.tree).")
    }
    isBinary = suffix == ".bin"
    imagesPath = folder.appending(path: "images") + suffix
    pointsPath = folder.appending(path: "points3D") + suffix
    let records = try isBinary ? ColmapBinary.images(imagesPath) : ColmapText.images(imagesPath)
    guard !records.isEmpty else { throw Failure(.badData, "\(imagesPath) holds no image.") }
    let sorted = records.sorted { ($0.name == $1.name) ? $0.id < $1.id : NaturalOrder.precedes($0.name, $1.name) }
    images = sorted.map(\.name)
    for (name, next) in zip(images, images.dropFirst()) where name.utf8.elementsEqual(next.utf8) {
      throw Failure(.badData, "\(imagesPath) holds two images with the name \(name).")
    }
    for (number, record) in sorted.enumerated() {
      guard numbers.updateValue(Int32(number), forKey: record.id) == nil else {
        throw Failure(.badData, "\(imagesPath) holds two images with the number \(record.id).")
      }
    }
  }

  /// Reads the points.
  ///
  /// - Throws: `Failure` of kind `badData` that names the damaged file.
  mutating func readPoints() throws {
    var unknown: UInt32?
    func add(_ ids: [UInt32]) {
      addTrack(
        ids.compactMap { id in
          if numbers[id] == nil { unknown = id }
          return numbers[id]
        })
    }
    try isBinary ? ColmapBinary.points(pointsPath, add) : ColmapText.points(pointsPath, add)
    if let unknown {
      throw Failure(
        .badData, "\(pointsPath) names image \(unknown), which \(imagesPath) does not hold.",
        hint: "The two files belong to different models, or one is damaged.")
    }
  }

  private mutating func addTrack(_ track: [Int32]) {
    // A point may be seen twice in an image.
    var last: Int32 = -1
    for image in track.sorted() where image != last {
      tracks.append(image)
      last = image
    }
    trackEnds.append(tracks.count)
  }
}

/// The binary format: little-endian, no padding.
enum ColmapBinary {
  /// Number and name of every image.
  static func images(_ path: String) throws -> [(id: UInt32, name: String)] {
    try read(path) { reader in
      // id, 7 doubles of the pose, camera, an empty name, the number of 2D points.
      let count = try reader.count(atLeastBytes: 4 + 56 + 4 + 1 + 8)
      return try (0..<count).map { _ in
        let id = try reader.integer(UInt32.self)
        try reader.skip(56 + 4)
        let name = try reader.text()
        try reader.skip(try reader.count(atLeastBytes: 24) * 24)
        return (id, name)
      }
    }
  }

  /// Gives the images of every point's track to `body`.
  static func points(_ path: String, _ body: ([UInt32]) -> Void) throws {
    try read(path) { reader in
      let count = try reader.count(atLeastBytes: 8 + 24 + 3 + 8 + 8)
      for _ in 0..<count {
        try reader.skip(8 + 24 + 3 + 8)
        let length = try reader.count(atLeastBytes: 8)
        body(
          try (0..<length).map { _ in
            let image = try reader.integer(UInt32.self)
            try reader.skip(4)
            return image
          })
      }
    }
  }

  private static func read<Result>(_ path: String, _ body: (inout Reader) throws -> Result) throws -> Result {
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    var reader = Reader(bytes: file.bytes, path: path)
    let result = try body(&reader)
    guard reader.offset == file.bytes.count else {
      throw reader.damaged("\(file.bytes.count - reader.offset) bytes follow its last record")
    }
    return result
  }

  private struct Reader {
    let bytes: UnsafeRawBufferPointer
    let path: String
    var offset = 0

    func damaged(_ reason: String) -> Failure {
      Failure(
        .badData, "\(path) is damaged or no COLMAP file: \(reason).",
        hint: "Copy it again, or export the model again (colmap model_converter).")
    }

    mutating func skip(_ count: Int) throws(Failure) {
      guard count <= bytes.count - offset else { throw damaged("it ends within a record, at byte \(bytes.count)") }
      offset += count
    }

    mutating func integer<Value: FixedWidthInteger>(_: Value.Type) throws(Failure) -> Value {
      let start = offset
      try skip(MemoryLayout<Value>.size)
      return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: Value.self))
    }

    /// A number of records, each of at least some bytes: one that the rest of the file cannot hold is damage.
    mutating func count(atLeastBytes size: Int) throws(Failure) -> Int {
      let start = offset
      let value = try integer(UInt64.self)
      guard value <= UInt64((bytes.count - offset) / size) else {
        throw damaged("byte \(start) claims \(value) records, more than the file can hold")
      }
      return Int(value)
    }

    /// A text that a zero byte ends.
    mutating func text() throws(Failure) -> String {
      guard let end = bytes[offset...].firstIndex(of: 0) else { throw damaged("the name at byte \(offset) has no end") }
      guard end > offset else { throw damaged("the name at byte \(offset) is empty") }
      defer { offset = end + 1 }
      return String(pathBytes: bytes[offset..<end])
    }
  }
}

/// The text format: two lines an image, one a point; fields are separated by blanks.
enum ColmapText {
  /// Number and name of every image.
  static func images(_ path: String) throws -> [(id: UInt32, name: String)] {
    var records: [(id: UInt32, name: String)] = []
    var isPose = true
    for (number, line) in try CollectionFolder.lines(of: path).enumerated() {
      // The second line, of 2D points, may be empty.
      if isPose && (line.allSatisfy(isBlank) || line.hasPrefix("#")) { continue }
      if isPose {
        // The name comes last and may hold blanks; those that follow it are not its own, as for COLMAP.
        let end = line.lastIndex { !isBlank($0) } ?? line.startIndex
        let fields = line[...end].split(maxSplits: 9, whereSeparator: isBlank)
        guard fields.count == 10, let id = UInt32(fields[0]), fields[1...7].allSatisfy({ Double($0) != nil }) else {
          throw damaged(path, number, "an image: IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME")
        }
        records.append((id, String(fields[9].drop(while: isBlank))))
      }
      isPose.toggle()
    }
    return records
  }

  /// Gives the images of every point's track to `body`.
  static func points(_ path: String, _ body: ([UInt32]) -> Void) throws {
    for (number, line) in try CollectionFolder.lines(of: path).enumerated() where !line.hasPrefix("#") {
      let fields = line.split(whereSeparator: isBlank)
      if fields.isEmpty { continue }
      let track = stride(from: 8, to: fields.count, by: 2).compactMap { UInt32(fields[$0]) }
      guard fields.count >= 8, fields.count % 2 == 0, track.count == (fields.count - 8) / 2 else {
        throw damaged(path, number, "a point: POINT3D_ID X Y Z R G B ERROR and pairs IMAGE_ID POINT2D_IDX")
      }
      body(track)
    }
  }

  private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }

  private static func damaged(_ path: String, _ line: Int, _ expected: String) -> Failure {
    Failure(
      .badData, "\(path):\(line + 1) is not \(expected).",
      hint: "Export the model again (colmap model_converter --output_type TXT).")
  }
}
