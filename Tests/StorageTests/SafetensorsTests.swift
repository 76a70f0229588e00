import Foundation
import Runtime
import Storage
import TestSupport
import Testing

@Suite struct SafetensorsTests {
  private func written(_ folder: TemporaryFolder) throws -> String {
    var writer = SafetensorsWriter(metadata: ["b": "2", "a": "say \"one\" / two"])
    writer.add("x.weight", shape: [2, 3], [1, 2, 3, 4, 5, 6])
    writer.add("mask", type: "U8", shape: [3], values: [UInt8(1), 0, 1])
    writer.add("empty", shape: [0, 4], [])
    try writer.write(to: folder.path + "/x.safetensors")
    return folder.path + "/x.safetensors"
  }

  @Test("What is written is read back, and twice the same bytes")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let path = try written(folder)
    let first = try Data(contentsOf: URL(fileURLWithPath: path))
    _ = try written(folder)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == first)
    let reader = try SafetensorsReader(path: path)
    #expect(reader.metadata == ["a": "say \"one\" / two", "b": "2"])
    #expect(reader.entries.map(\.name).sorted() == ["empty", "mask", "x.weight"])
    #expect(try reader.floats("x.weight") == [1, 2, 3, 4, 5, 6])
    #expect(try reader.bytes("mask") == [1, 0, 1])
    #expect(throws: Failure.self) { try reader.floats("mask") }
    #expect(throws: Failure.self) { try reader.floats("absent") }
  }

  @Test("Every truncation is refused as bad data")
  func truncation() throws {
    let folder = try TemporaryFolder()
    let whole = try Data(contentsOf: URL(fileURLWithPath: try written(folder)))
    for length in 0..<whole.count {
      let path = folder.path + "/cut.safetensors"
      try whole.prefix(length).write(to: URL(fileURLWithPath: path))
      #expect { _ = try SafetensorsReader(path: path) } throws: { ($0 as? Failure)?.kind == .badData }
    }
  }

  @Test("A missing file is no input; a text file is bad data")
  func wrongFiles() throws {
    let folder = try TemporaryFolder()
    #expect { _ = try SafetensorsReader(path: folder.path + "/none") } throws: { ($0 as? Failure)?.kind == .noInput }
    let text = folder.path + "/text"
    try Publication.publishText("This is a sentence, and not a tensor file.", at: text)
    #expect { _ = try SafetensorsReader(path: text) } throws: { ($0 as? Failure)?.kind == .badData }
  }
}
