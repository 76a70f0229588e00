import PairData

/// What a frame of a video shows.
package enum FilmLayout: String, Sendable, CaseIterable {
  /// One view.
  case single
  /// The left view beside the right one, each at its full width.
  case sideBySide = "side-by-side"
  /// The left view above the right one.
  case topBottom = "top-bottom"

  /// What the names of the views end with.
  var suffixes: [String] { self == .single ? [""] : ["_left", "_right"] }

  /// The views of a frame, left before right.
  func views(of frame: RGBImage) -> [RGBImage] {
    let (width, height) = (frame.width, frame.height)
    switch self {
    case .single: return [frame]
    case .sideBySide:
      return [0, width - width / 2].map {
        frame.cropped(to: PixelWindow(x: $0, y: 0, width: max(1, width / 2), height: height))
      }
    case .topBottom:
      return [0, height - height / 2].map {
        frame.cropped(to: PixelWindow(x: 0, y: $0, width: width, height: max(1, height / 2)))
      }
    }
  }
}
