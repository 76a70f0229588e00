import DataFixtures
import Foundation
import PairConversion
import PairData
import Testing

/// The crops of CroCo v2: extracted, and as boxes in original images.
@Suite struct CropsTests {
  @Test("listing.txt names the pairs; sub-folders are scenes; faults are named with their line")
  func extracted() throws {
    try withTemporaryFolder { folder in
      let stems = ["00/a b", "00/1", "01/0/2"]
      let tree = try CollectionTree(folder, stems.flatMap { ["\($0)_1.jpg", "\($0)_2.jpg"] })
      try tree.write("listing.txt", "# pair_path\n" + stems.map { $0 + "\n" }.joined())
      let pairs = try ExtractedCrops.pairs(in: folder)
      #expect(
        pairs.map(summary) == [
          "00/a b_1.jpg | 00/a b_2.jpg | 00", "00/1_1.jpg | 00/1_2.jpg | 00", "01/0/2_1.jpg | 01/0/2_2.jpg | 01/0",
        ])
      try expectConverts(pairs, in: folder)
      try tree.remove("00/1_2.jpg")
      let missing = failure { try expectConverts(pairs, in: folder) }
      #expect(missing?.message.contains("listing.txt:3") == true && missing?.message.contains("1_2.jpg") == true)
      try tree.write("listing.txt", "# pair_path\n")
      #expect(failure { _ = try ExtractedCrops.pairs(in: folder) }?.kind == .badData)
      try tree.remove("listing.txt")
      let none = failure { _ = try ExtractedCrops.pairs(in: folder) }
      #expect(none?.kind == .noInput && none?.hint?.description.contains("pair_path") == true)
    }
  }

  private let list = """
    # img1, img2, rotation
    0000/images/a b.png, 0000/images/b.png, 87
    2, 22, 4, 24, 10, 30, 0, 20
    0, 30, 0, 30, 0, 32, 0, 32
    0001/images/c.png, 0001/images/d.png, 180
    0, 40, 0, 32, 5, 25, 6, 26

    """

  private func write(_ folder: String) throws -> CollectionTree {
    let names = ["0000/images/a b", "0000/images/b", "0001/images/c", "0001/images/d"]
    let tree = try CollectionTree(folder, names.map { $0 + ".png" })
    try tree.write("crops_release.txt", list)
    return tree
  }

  @Test("a list may name its scenes, and a file has one path however it is written")
  func scenes() throws {
    try withTemporaryFolder { folder in
      let tree = try CollectionTree(folder, ["a.png", "b.png", "c.png", "d.png"])
      let box = "0, 20, 0, 20, 0, 20, 0, 20\n"
      try tree.write(
        "crops_release.txt",
        "# scene one\n./a.png, b.png, 0\n\(box)# scene two rooms\nc.png, d.png, 0\n\(box)# scene one\na.png, b.png, 0\n\(box)"
      )
      let pairs = try pairs(folder)
      #expect(pairs.map(\.scene) == ["one", "two rooms", "one"])
      #expect(pairs[0].view1 == pairs[2].view1)
    }
  }

  private func pairs(_ folder: String, log: (String) -> Void = { _ in }) throws -> [PairCandidate] {
    try CropsRelease.pairs(list: folder + "/crops_release.txt", images: folder, log: log)
  }

  /// `image` turned by one quarter counterclockwise, pixel by pixel: what was on the right comes to the top.
  private func turned(_ image: RGBImage) -> RGBImage {
    let (width, height) = (image.height, image.width)
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        let start = (x * image.width + image.width - 1 - y) * 3
        pixels += image.pixels[start..<start + 3]
      }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  @Test("boxes are cut, view 2 is turned counterclockwise, folders are scenes")
  func release() throws {
    try withTemporaryFolder { folder in
      _ = try write(folder)
      let pairs = try pairs(folder)
      #expect(pairs.map(\.scene) == ["0000/images", "0000/images", "0001/images"])
      #expect(pairs[0].view1.source == "0000/images/a b.png [2:22, 4:24]")
      #expect(pairs[0].view2.source == "0000/images/b.png [10:30, 0:20, turned 90]")
      try expectConverts(pairs, in: folder)
      try convert(
        pairs, ConversionOptions(dataset: .init(codec: .png, validationFraction: 0), threadCount: 2),
        to: folder + "/out")
      let dataset = try PairDataset(path: folder + "/out")
      func box(_ index: Int, _ x: Int, _ y: Int, _ width: Int, _ height: Int) -> RGBImage {
        picture(index).cropped(to: PixelWindow(x: x, y: y, width: width, height: height))
      }
      #expect(try dataset.images(ofPair: 0).view1 == box(0, 2, 4, 20, 20))
      #expect(try dataset.images(ofPair: 0).view2 == turned(box(1, 10, 0, 20, 20)))
      #expect(try dataset.images(ofPair: 1).view2 == turned(box(1, 0, 0, 32, 32)))
      #expect(try dataset.images(ofPair: 2).view1 == picture(2))
      #expect(try dataset.images(ofPair: 2).view2 == turned(turned(box(3, 5, 6, 20, 20))))
    }
  }

  @Test("crops are resized with the chosen filter, the same bytes for any number of threads")
  func resized() throws {
    try withTemporaryFolder { folder in
      _ = try write(folder)
      let pairs = try pairs(folder)
      for (threads, name) in [(1, "a"), (3, "b")] {
        let preparation = ImagePreparation(height: 16, width: 16, fit: .stretch, filter: .bicubic)
        let options = ConversionOptions(
          dataset: .init(codec: .png, validationFraction: 0), preparation: preparation, threadCount: threads)
        let summary = try convert(pairs, options, to: folder + "/" + name)
        #expect(summary.imagesRead == 6)
      }
      #expect(try contents(of: folder + "/a") == contents(of: folder + "/b"))
      let crop = picture(0).cropped(to: PixelWindow(x: 2, y: 4, width: 20, height: 20))
      #expect(
        try PairDataset(path: folder + "/a").images(ofPair: 0).view1
          == crop.resized(width: 16, height: 16, filter: .bicubic))
    }
  }

  @Test(
    "rotations are degrees: small ones are noise, others go to the nearest quarter, ties to even ones",
    arguments: [
      (0, 0), (1, 0), (-60, 0), (60, 0), (61, 1), (-61, 3), (87, 1), (100, 1), (135, 2), (180, 2), (-180, 2), (225, 2),
      (270, 3), (-90, 3), (300, 3), (315, 0), (359, 0), (450, 1),
    ])
  func rotation(degrees: Int, quarters: Int) throws {
    try withTemporaryFolder { folder in
      let tree = try write(folder)
      try tree.write(
        "crops_release.txt", "0000/images/a b.png, 0000/images/b.png, \(degrees)\n0, 9, 0, 9, 0, 9, 0, 9\n")
      let pair = try pairs(folder)[0]
      #expect(pair.view2.crop?.quarterTurns == quarters && pair.view1.crop?.quarterTurns == 0)
    }
  }

  @Test("a crop is turned after it has its size, by Lanczos where it has more than four times the pixels")
  func adaptive() throws {
    try withTemporaryFolder { folder in
      let tree = try write(folder)
      // 20x20 is four times 10x10, 20x21 is more; the last box sticks out on all sides.
      try tree.write(
        "crops_release.txt",
        """
        0000/images/a b.png, 0000/images/b.png, 87
        0, 20, 0, 20, 0, 20, 0, 21
        0, 10, 0, 10, -2, 43, -3, 35
        """)
      let preparation = ImagePreparation(height: 8, width: 12, fit: .stretch, filter: .adaptive, allowsUpscaling: true)
      let options = ConversionOptions(
        dataset: .init(codec: .png, validationFraction: 0), preparation: preparation, threadCount: 2)
      try convert(try pairs(folder), options, to: folder + "/out")
      let dataset = try PairDataset(path: folder + "/out")
      let square = picture(0).cropped(to: PixelWindow(x: 0, y: 0, width: 20, height: 20))
      #expect(
        try dataset.images(ofPair: 0).view1 == square.resized(width: 12, height: 8, filter: .lanczos))
      let tall = picture(1).cropped(to: PixelWindow(x: 0, y: 0, width: 20, height: 21))
      #expect(
        try dataset.images(ofPair: 0).view2 == turned(tall.resized(width: 8, height: 12, filter: .lanczos)))
      let small = picture(0).cropped(to: PixelWindow(x: 0, y: 0, width: 10, height: 10))
      #expect(try dataset.images(ofPair: 1).view1 == small.resized(width: 12, height: 8, filter: .bicubic))
      let padded = framed(picture(1), left: 2, top: 3, width: 45, height: 38)
      #expect(
        try dataset.images(ofPair: 1).view2 == turned(padded.resized(width: 8, height: 12, filter: .lanczos)))
      #expect(
        try ImagePreparation(height: 10, width: 10, fit: .stretch, filter: .adaptive)
          .apply(to: square, number: 0, name: "a") == square.resized(width: 10, height: 10, filter: .bicubic))
    }
  }

  /// `image` on black, pixel by pixel.
  private func framed(_ image: RGBImage, left: Int, top: Int, width: Int, height: Int) -> RGBImage {
    var pixels = [UInt8](repeating: 0, count: width * height * 3)
    for y in 0..<image.height {
      for x in 0..<image.width * 3 {
        pixels[((y + top) * width + left) * 3 + x] = image.pixels[y * image.width * 3 + x]
      }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  @Test("pairs whose images are missing are left out and counted; where all are, it is a failure")
  func missing() throws {
    try withTemporaryFolder { folder in
      let tree = try write(folder)
      try tree.remove("0001/images/c.png")
      var notes: [String] = []
      #expect(try pairs(folder) { notes.append($0) }.count == 2)
      #expect(notes.count == 1 && notes[0].contains("1 of the 4 images"))
      #expect(notes[0].hasSuffix("(0001/images/c.png); 1 of 3 pairs of crops are left out"))
      try tree.remove("0000/images/b.png")
      #expect(failure { _ = try pairs(folder) }?.kind == .noInput)
      try tree.write("crops_release.txt", "x.png, y.png, 0\n" + list)
      notes = []
      _ = failure { _ = try pairs(folder) { notes.append($0) } }
      #expect(notes.contains { $0.contains("2 images are not used: no box follows their pairs (x.png, y.png)") })
    }
  }

  @Test("boxes are in stored pixels, whatever the EXIF orientation")
  func orientation() throws {
    let fixture = try #require(Bundle.module.url(forResource: "Fixtures/orientation_6", withExtension: "jpg"))
    let image = try EncodedImage(file: fixture.path)
    let stored = try image.decodedAsStored()
    #expect(stored.width == image.height && stored.height == image.width)
    let box = PixelWindow(x: 0, y: 0, width: stored.width, height: stored.height)
    #expect(try ImageCrop(box: box).cut(from: stored, name: "x") == stored)
  }

  @Test("bad lists and boxes outside the image are named with their line")
  func damage() throws {
    try withTemporaryFolder { folder in
      let tree = try write(folder)
      func refusal(_ text: String) throws -> String {
        try tree.write("crops_release.txt", text)
        return failure { try expectConverts(try pairs(folder), in: folder) }?.description ?? ""
      }
      let pair = "0000/images/a b.png, 0000/images/b.png, 0\n"
      #expect(try refusal("0, 1, 0, 1, 0, 1, 0, 1\n").contains("crops_release.txt:1 is a box before"))
      #expect(try refusal(pair + "0, 1, 0, 1, 0, 1, 0\n").contains("crops_release.txt:2 is neither"))
      #expect(try refusal(pair + "5, 5, 0, 1, 0, 1, 0, 1\n").contains("crops_release.txt:2 is no pair of boxes"))
      #expect(try refusal("a.png, b.png, 4.5\n").contains("crops_release.txt:1 is neither"))
      #expect(try refusal("# image 1, image 2, quarter turns of view 2\n" + pair).contains("Multiply them by 90"))
      #expect(try refusal(pair).contains("lists no crop"))
      let outside = try refusal(pair + "0, 20, 0, 20, 40, 60, 0, 20\n")
      #expect(
        outside.contains("crops_release.txt:2")
          && outside.contains("32x40 (height x width): the crop 20x20 at row 0, column 40"))
      #expect(failure { _ = try CropsRelease.pairs(list: folder + "/none.txt", images: folder) }?.kind == .noInput)
    }
  }
}
