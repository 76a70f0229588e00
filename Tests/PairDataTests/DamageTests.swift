import DataFixtures
import Foundation
import PairConversion
import PairData
import Runtime
import Testing

@Suite struct DamageTests {
  /// Opens every split and decodes everything.
  private func readAll(_ folder: String) throws {
    for split in Split.allCases {
      let dataset = try PairDataset(path: folder, split: split)
      for pair in 0..<dataset.count {
        _ = try dataset.images(ofPair: pair)
        _ = try dataset.flow(ofPair: pair)
      }
    }
  }

  @Test(
    "1,000 flipped bits anywhere in a shard are detected by reading it",
    arguments: [StorageCodec.png, .raw, .jpeg(quality: 80)])
  func singleBytes(codec: StorageCodec) throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder, codec: codec, pairs: 6, flow: true)
      try readAll(folder)
      let path = folder + "/train-00000.h5"
      let sound = try Data(contentsOf: URL(fileURLWithPath: path))
      var random = RandomStream(seed: 1, purpose: .test)
      for trial in 0..<334 {
        var damaged = sound
        let offset = random.nextIndex(below: sound.count)
        damaged[offset] ^= 1 << UInt8(random.nextIndex(below: 8))
        try damaged.write(to: URL(fileURLWithPath: path))
        let found = failure { try readAll(folder) }
        #expect(found?.kind == .badData, "trial \(trial): byte \(offset) of \(sound.count)")
        #expect(found?.message.contains(path) == true)
        if trial % 5 == 0 { #expect(try DatasetVerification(path: folder).problems.count >= 1) }
      }
    }
  }

  @Test("a shard of the wrong length is refused by name before anything reads it")
  func truncation() throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder, codec: .png)
      let path = folder + "/train-00000.h5"
      let sound = try Data(contentsOf: URL(fileURLWithPath: path))
      for length in [0, 1, 7, 48, 512, sound.count / 2, sound.count - 1] {
        try sound.prefix(length).write(to: URL(fileURLWithPath: path))
        let found = failure { try readAll(folder) }
        #expect(found?.kind == .badData)
        #expect(found?.message.contains("\(path) is truncated") == true)
        #expect(found?.hint != nil)
      }
      try (sound + Data([0])).write(to: URL(fileURLWithPath: path))
      #expect(failure { try readAll(folder) }?.message.contains("too long") == true)
      try FileManager.default.removeItem(atPath: path)
      #expect(failure { try readAll(folder) }?.kind == .noInput)
    }
  }

  @Test("a manifest that is damaged, of another format or of a later version is refused")
  func manifests() throws {
    try withTemporaryFolder { folder in
      try writeDataset(folder, codec: .png)
      let path = folder + "/manifest.json"
      let sound = try String(contentsOfFile: path, encoding: .utf8)
      let cases = [
        ("", "damaged"), (String(sound.dropLast(100)), "damaged"), (#"{"format":"zip"}"#, "format"),
        (sound.replacingOccurrences(of: "croco-pairs", with: "other"), "format"),
        (sound.replacingOccurrences(of: #""version" : 1"#, with: #""version" : 2"#), "version 2"),
        (sound.replacingOccurrences(of: "train-00000.h5", with: "../train-00000.h5"), "impossible"),
      ]
      for (text, reason) in cases {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        let found = failure { try readAll(folder) }
        #expect(found?.kind == .badData)
        #expect(found?.message.contains(reason) == true, "\(found?.message ?? "accepted")")
      }
    }
  }
}

extension String {
  fileprivate func write(toFile path: String, atomically: Bool, encoding: Encoding) throws {
    try write(to: URL(fileURLWithPath: path), atomically: atomically, encoding: encoding)
  }
}
