import Foundation

/// A sparse model of some images, written as COLMAP writes it.
struct ColmapFixture {
  /// Image numbers and names.
  let images: [(id: UInt32, name: String)]
  /// The images of each point's track.
  let tracks: [[UInt32]]

  /// Four images of a path: 100 points each, neighbours share 60, the next but one 20; image 1 sees a
  /// point twice.
  static var path: ColmapFixture {
    var tracks: [[UInt32]] = []
    for point in 0..<220 {
      // Image i of the path sees points 40 i ..< 40 i + 100.
      let seen = (0..<4).filter { image in point >= 40 * image && point < 40 * image + 100 }
      tracks.append(seen.map { image in UInt32(10 + image) })
    }
    tracks[0].append(10)
    return ColmapFixture(
      images: [(12, "b/3.jpg"), (10, "a 1.jpg"), (13, "b/20.jpg"), (11, "b/2.jpg")], tracks: tracks)
  }

  /// `images.bin`.
  var imagesBinary: Data {
    var data = bytes(UInt64(images.count))
    for (id, name) in images {
      for part in [bytes(id), Data(count: 56), bytes(UInt32(1)), Data(name.utf8), Data(count: 1)] { data += part }
      let points = tracks.indices.filter { tracks[$0].contains(id) }
      data += bytes(UInt64(points.count))
      for point in points {
        data += Data(count: 16)
        data += bytes(UInt64(point))
      }
    }
    return data
  }

  /// `points3D.bin`.
  var pointsBinary: Data {
    var data = bytes(UInt64(tracks.count))
    for (point, track) in tracks.enumerated() {
      for part in [bytes(UInt64(point)), Data(count: 24 + 3 + 8), bytes(UInt64(track.count))] { data += part }
      for id in track {
        data += bytes(id)
        data += bytes(UInt32(0))
      }
    }
    return data
  }

  /// `images.txt`.
  var imagesText: String {
    "# Image list\n" + images.map { "\($0.id) 1 0 0 0 0.5 -1e-3 2 1 \($0.name)\n\n" }.joined()
  }

  /// `points3D.txt`.
  var pointsText: String {
    var text = "# 3D point list\n"
    for (point, track) in tracks.enumerated() {
      let seen = track.map { " \($0) 7" }.joined()
      text += "\(point) 0.1 0.2 0.3 10 20 30 0.5\(seen)\n"
    }
    return text
  }

  private func bytes<Value: FixedWidthInteger>(_ value: Value) -> Data {
    withUnsafeBytes(of: value.littleEndian) { Data($0) }
  }
}
