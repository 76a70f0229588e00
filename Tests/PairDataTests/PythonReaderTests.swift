import DataFixtures
import Foundation
import PairData
import TestSupport
import Testing

/// The PyTorch reader of `datasets/README.md`, as it stands there, gives the pixels that croco gives.
@Suite(
  .enabled(
    if: scientificPython != nil,
    "python3 with h5py, NumPy and Pillow is not installed: launch/setup --tests installs them."))
struct PythonReaderTests {
  /// The indented block of the page.
  private func readerOfThePage() throws -> String {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("datasets/README.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let section = try #require(text.components(separatedBy: "## Reading one with PyTorch\n").last)
    return section.split(separator: "\n", omittingEmptySubsequences: false)
      .drop { !$0.hasPrefix("    ") }.prefix { $0.hasPrefix("    ") || $0.isEmpty }.map { $0.dropFirst(4) }
      .joined(separator: "\n")
  }

  private func run(_ program: String, _ arguments: [String]) throws -> String {
    let result = try runProcess(try #require(scientificPython), ["-c", program] + arguments)
    #expect(result.status == 0, "\(result.errorOutput)")
    return result.output
  }

  /// Compares all views of a data set.
  private func expectSamePixels(_ path: String) throws {
    let program = """
      \(try readerOfThePage())
      import sys
      pairs = Pairs(sys.argv[1])
      for number in range(len(pairs)):
          for view in pairs[number]:
              print(*view.shape, view.tobytes().hex())
      """
    let lines = try run(program, [path]).split(separator: "\n").map(String.init)
    let dataset = try PairDataset(path: path)
    #expect(lines.count == 2 * dataset.count)
    for (view, line) in lines.enumerated() {
      let views = try dataset.images(ofPair: view / 2)
      let image = view % 2 == 0 ? views.view1 : views.view2
      let expected =
        "\(image.height) \(image.width) 3 " + image.pixels.map { String(format: "%02x", $0) }.joined()
      let name = try dataset.sources(ofPair: view / 2).view1
      #expect(line == expected, "\(name)")
    }
  }

  @Test("raw and PNG shards")
  func ownCodecs() throws {
    try withTemporaryFolder { folder in
      for codec in [StorageCodec.raw, .png] {
        try writeDataset("\(folder)/\(codec.name)", codec: codec, shardBytes: 9_000)
        try expectSamePixels("\(folder)/\(codec.name)")
      }
    }
  }

  @Test("kept files: PNG of every kind and depth with transparent colours, JPEG in CMYK, WebP, turned or not")
  func keptFiles() throws {
    try withTemporaryFolder { folder in
      let names = try run(Self.images, [folder]).split(separator: "\n").map(String.init)
      #expect(names.count > 40)
      let writer = try DatasetWriter(output: folder + "/data", options: .init(codec: .keep, validationFraction: 0))
      for name in names where name != "c2_d16_key.png" {
        let image = try writer.addImage(EncodedImage(file: folder + "/" + name), source: name)
        try writer.addPair(image, image, scene: name)
      }
      try writer.finish()
      try expectSamePixels(folder + "/data")
      // Pillow keeps 8 of the 16 bits that tell what is transparent: the reader says so.
      let refusal = """
        \(try readerOfThePage())
        import sys
        try: pixels(open(sys.argv[1], "rb").read())
        except ValueError as error: print(error)
        """
      #expect(try run(refusal, [folder + "/c2_d16_key.png"]).contains("--codec png"))
    }
  }

  /// Writes images into a folder and prints their names.
  private static let images = """
    import random, struct, sys, zlib, io
    import PIL.Image, PIL.PngImagePlugin
    folder = sys.argv[1]; W, H = 13, 7
    random.seed(4)
    def chunk(kind, data): return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    def png(name, depth, colour, extra=b"", after=b"", key=False):
        n = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
        top = 2 ** depth
        rows = [[random.choice([0, 1, top // 3, top - 1, random.randrange(top)]) % top for _ in range(W * n)] for _ in range(H)]
        def pack(row):
            bits = "".join(format(v, f"0{depth}b") for v in row); bits += "0" * (-len(bits) % 8)
            return bytes(int(bits[i:i+8], 2) for i in range(0, len(bits), 8))
        data = zlib.compress(b"".join(b"\\0" + pack(r) for r in rows))
        body = b""
        if colour == 3:
            size = min(256, top); body += chunk(b"PLTE", bytes(random.randrange(256) for _ in range(3 * size)))
            if key: body += chunk(b"tRNS", bytes(random.randrange(256) for _ in range(max(1, size - 1))))
        elif key: body += chunk(b"tRNS", struct.pack(f">{n}H", *rows[2][3*n:4*n]))
        open(f"{folder}/{name}.png", "wb").write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, depth, colour, 0, 0, 0)) + extra + body + chunk(b"IDAT", data) + after + chunk(b"IEND", b""))
    for colour, depths in {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}.items():
        for depth in depths:
            png(f"c{colour}_d{depth}", depth, colour)
            if colour < 4: png(f"c{colour}_d{depth}_key", depth, colour, key=True)
    exif = PIL.Image.Exif(); exif[0x112] = 3; e = exif.tobytes()[6:]
    for colour, depth in [(0, 16), (2, 8), (6, 8), (3, 4)]:
        png(f"turn_c{colour}_d{depth}", depth, colour, extra=chunk(b"eXIf", e))
        png(f"late_c{colour}_d{depth}", depth, colour, after=chunk(b"eXIf", e))
    pic = PIL.Image.effect_noise((W, H), 90)
    rgb = PIL.Image.merge("RGB", [PIL.Image.effect_noise((W, H), 90) for _ in range(3)])
    al = PIL.Image.merge("RGBA", [PIL.Image.effect_noise((W, H), 90) for _ in range(4)])
    pic.save(f"{folder}/l.jpg"); rgb.save(f"{folder}/rgb.jpg"); rgb.save(f"{folder}/rgb_turn.jpg", exif=exif.tobytes())
    rgb.save(f"{folder}/rgb_doubled.jpg", exif=b"Exif\\0\\0" + exif.tobytes())
    al.convert("RGBA").convert("RGB").convert("CMYK").save(f"{folder}/cmyk.jpg"); rgb.convert("CMYK").save(f"{folder}/cmyk_turn.jpg", exif=exif.tobytes())
    rgb.save(f"{folder}/lossy.webp"); al.save(f"{folder}/al.webp", lossless=True, exact=True); al.save(f"{folder}/al_lossy.webp"); rgb.save(f"{folder}/turn.webp", exif=exif.tobytes())
    import os
    print("\\n".join(sorted(os.listdir(folder))))
    """
}
