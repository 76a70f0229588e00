import CroCoModel
import Foundation
import PairData
import Storage
import TestSupport
import Testing

/// What a user does with a trained network, through the real program.
@Suite struct CommandTests {
  let fixture: CommandLineFixture

  init() throws { fixture = try CommandLineFixture.shared.get() }

  @Test("A run draws held-out pairs: hidden patches grey, then completed; visible ones as they are in all columns")
  func pictures() throws {
    let sheet = try EncodedImage(file: fixture.run + "/reconstructions/step-00000002.png").decoded()
    // Two rows of five columns of 32 pixels, six times enlarged, with gaps, below a line of titles.
    let cell = 32 * 6 + 6
    let top = sheet.height - 2 * cell - 6
    #expect(sheet.width == 5 * cell + 6 && (8..<40).contains(top), "\(sheet.width) x \(sheet.height)")
    func patch(_ row: Int, _ column: Int, _ place: Int) -> [[UInt8]] {
      (0..<64).map { pixel in
        let x = 6 + column * cell + 6 * (place % 4 * 8 + pixel % 8)
        let y = top + row * cell + 6 * (place / 4 * 8 + pixel / 8)
        let colours = [(0, 0), (5, 0), (0, 5), (5, 5)].map { dx, dy in
          Array(sheet.pixels[3 * ((y + dy) * sheet.width + x + dx)..<3 * ((y + dy) * sheet.width + x + dx) + 3])
        }
        #expect(Set(colours).count == 1, "an enlarged pixel has one colour")
        return colours[0]
      }
    }
    for row in 0..<2 {
      let hidden = (0..<16).filter { Set(patch(row, 0, $0)).isSubset(of: [[127, 127, 127], [128, 128, 128]]) }
      #expect(hidden.count == 12)
      for place in 0..<16 {
        let target = patch(row, 4, place)
        for column in [2, 3] {
          #expect((patch(row, column, place) == target) == !hidden.contains(place), "\(row), \(column), \(place)")
        }
        if !hidden.contains(place) { #expect(patch(row, 0, place) == target) }
      }
      #expect((0..<16).contains { patch(row, 1, $0) != patch(row, 4, $0) }, "the reference is another view")
    }
  }

  @Test("evaluate reports four losses and the gain that follows from them, twice the same")
  func evaluate() throws {
    let arguments = ["evaluate", "--checkpoint", fixture.run, "--data", fixture.data, "--json"]
    let text = try CommandLineFixture.succeed(arguments)
    #expect(try CommandLineFixture.succeed(arguments + ["--threads", "1"]) == text)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let losses = try #require(object["loss"] as? [String: Double])
    #expect(Set(losses.keys) == ["true", "shuffled", "blank", "identical"])
    #expect(losses.values.allSatisfy { (0.2...5).contains($0) })
    let gain = try #require(object["reference_gain"] as? Double)
    #expect(abs(gain - (1 - losses["true"]! / losses["shuffled"]!)) < 1e-9)
  }

  @Test("reconstruct draws a picture of two images of any size")
  func reconstruct() throws {
    let output = fixture.folder.path + "/completed.png"
    _ = try CommandLineFixture.succeed([
      "reconstruct", "--checkpoint", fixture.run + "/checkpoints/step-00000002", "--target",
      try fixture.picture("a b.png", size: 50), "--reference", try fixture.picture("c.png", size: 20), "--output",
      output,
    ])
    #expect(try EncodedImage(file: output).decoded().height > 32)
  }

  @Test("dump holds every tensor of its steps, and training gives the parameters of the dump")
  func dump() throws {
    let path = fixture.folder.path + "/dump.safetensors"
    _ = try CommandLineFixture.succeed([
      "dump", "--config", fixture.configuration, "--data", fixture.data, "--steps", "2", "--output", path,
    ])
    let dump = try SafetensorsReader(path: path)
    let arguments = try JSONSerialization.jsonObject(with: Data(dump.metadata["croco_kwargs", default: ""].utf8))
    let model = try #require(ModelConfiguration(officialArguments: arguments as? [String: Any] ?? [:]))
    for step in ["step0.", "step1."] {
      for name in ["img1", "img2", "mask", "pred", "target", "target_norm", "loss", "lr", "grad_norm"] {
        #expect(dump.entry(named: step + name) != nil, "\(step)\(name)")
      }
      for parameter in CroCoNet.declarations(model) {
        let (name, shape) = (parameter.name, parameter.shape)
        #expect(dump.entry(named: step + "param." + name)?.shape == shape)
        #expect(dump.entry(named: step + "grad." + name)?.shape == shape)
      }
      for name in [
        "patch_embed.img1", "enc_in.img1", "enc_blocks.1.img2", "dec_in.x", "dec_blocks.0.cross_attn", "dec_norm",
      ] {
        #expect(dump.entry(named: step + "act." + name)?.shape.first == 16, "\(step)act.\(name)")
      }
    }
    let weights = try SafetensorsReader(path: fixture.run + "/checkpoints/step-00000002/model.safetensors")
    for entry in weights.entries {
      #expect(try dump.floats("final." + entry.name) == weights.floats(entry.name), "\(entry.name)")
    }
  }

  @Test("The dumped loss follows from the dumped prediction, target and mask")
  func dumpedLoss() throws {
    let path = fixture.folder.path + "/one.safetensors"
    _ = try CommandLineFixture.succeed([
      "dump", "--config", fixture.configuration, "--set", "batch.global_batch_size=4", "--data", fixture.data,
      "--output", path,
    ])
    let dump = try SafetensorsReader(path: path)
    let (prediction, target) = (try dump.floats("pred"), try dump.floats("target_norm"))
    let mask = try dump.bytes("mask")
    var sum = 0.0
    for (patch, masked) in mask.enumerated() where masked == 1 {
      for value in patch * 192..<(patch + 1) * 192 { sum += pow(Double(prediction[value]) - Double(target[value]), 2) }
    }
    let count = mask.reduce(0) { $0 + Int($1) }
    let loss: [Double] = try dump.values("loss", type: "F64", as: Double.self)
    #expect(abs(sum / Double(count * 192) / loss[0] - 1) < 1e-6)
    #expect(dump.entry(named: "grad_input.img2")?.shape == [4, 3, 32, 32])
  }

  @Test("inspect describes data sets, checkpoints and weights, and verifies them")
  func inspect() throws {
    for path in [
      fixture.data, fixture.run + "/checkpoints/step-00000002",
      fixture.run + "/checkpoints/step-00000002/model.safetensors",
    ] {
      let text = try CommandLineFixture.succeed(["inspect", path, "--json"])
      #expect(try JSONSerialization.jsonObject(with: Data(text.utf8)) is [String: Any], "\(text)")
    }
    _ = try CommandLineFixture.succeed(["inspect", fixture.data, "--verify"])
  }

  @Test("A run folder, its checkpoints, one of them, a file of one and weights alone are accepted everywhere")
  func places() throws {
    let checkpoint = fixture.run + "/checkpoints/step-00000002"
    let weights = fixture.folder.path + "/weights.safetensors"
    if !FileSystem.exists(weights) {
      try FileManager.default.copyItem(atPath: checkpoint + "/model.safetensors", toPath: weights)
    }
    let (image, output) = (try fixture.picture("place.png", size: 40), fixture.folder.path + "/place out")
    var results: Set<String> = []
    for place in [
      fixture.run, fixture.run + "/checkpoints", checkpoint, checkpoint + "/model.safetensors", weights,
    ] {
      let text = try CommandLineFixture.succeed(["inspect", place])
      #expect(try #require(text.split(separator: "\n").first).contains(place == weights ? weights : checkpoint))
      let losses = try CommandLineFixture.succeed(["evaluate", "--checkpoint", place, "--data", fixture.data])
      if place != weights { results.insert(losses) }
      _ = try CommandLineFixture.succeed([
        "reconstruct", "--checkpoint", place, "--target", image, "--reference", image, "--output", output,
      ])
      _ = try CommandLineFixture.succeed([
        "dump", "--config", fixture.configuration, "--data", fixture.data, "--checkpoint", place, "--output", output,
      ])
    }
    #expect(results.count == 1)
    // What matters comes before the tensors.
    let lines = try CommandLineFixture.succeed(["inspect", fixture.run]).split(separator: "\n")
    #expect(lines[0].hasSuffix("checkpoint after 2 steps; its files are whole") && lines[1].contains("encoder 2 x 32"))
  }

  @Test("presets has a line for each network")
  func presets() throws {
    let lines = try CommandLineFixture.succeed(["presets"]).split(separator: "\n")
    #expect(lines.count == ModelPreset.all.count)
    for encoder in ["ViT-S", "ViT-B", "ViT-L"] {
      for version in ["v1", "v2"] { #expect(lines.contains { $0.contains("CroCo \(version): \(encoder)") }) }
    }
  }

  @Test("convert reads lists with spaces in paths, and the result trains")
  func convert() throws {
    var lines: [String] = []
    for pair in 0..<8 {
      let names = ["view one \(pair).png", "view two \(pair).png"]
      for name in names { _ = try fixture.picture(name, size: 40 + pair) }
      lines.append(names.joined(separator: "\t"))
    }
    let list = try fixture.file("list.tsv", lines.joined(separator: "\n") + "\n")
    let output = fixture.folder.path + "/converted"
    _ = try CommandLineFixture.succeed([
      "convert", "pairs", list, "--output", output, "--size", "36", "--codec", "png", "--validation", "0",
    ])
    _ = try CommandLineFixture.succeed([
      "train", "--config", fixture.configuration, "--set", "data.path=\(output)", "--set", "validation.every_steps=0",
      "--output", fixture.folder.path + "/converted run", "--max-steps", "1",
    ])
  }
}
