import PairData
import Testing

/// Captions of pictures.
@Suite struct PictureCanvasTests {
  private func picture(of text: String) -> [UInt8] {
    var canvas = PictureCanvas(width: 60, height: 9)
    canvas.write(text, x: 1, y: 1)
    return canvas.image.pixels
  }

  @Test("names keep their case and underscores, and a character without a form of its own is no gap")
  func letters() {
    let texts = ["IMG_01", "img_01", "IMG-01", "IMG 01", "IMG\u{E9}01"]
    for (place, text) in texts.enumerated() {
      for other in texts[..<place] { #expect(picture(of: text) != picture(of: other), "\(text) and \(other)") }
    }
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.".map { picture(of: String($0)) }
    #expect(Set(letters).count == letters.count)
  }

  @Test("a caption is broken so that it stays above a narrow picture")
  func lines() {
    let title = "completed, colours of reference"
    #expect(PictureCanvas.lines(title, width: 198) == [title])
    #expect(PictureCanvas.lines(title, width: 70) == ["completed,", "colours of", "reference"])
    for width in 6...200 {
      #expect(PictureCanvas.lines(title, width: width).allSatisfy { $0.count * PictureCanvas.letterWidth <= width })
    }
  }
}
