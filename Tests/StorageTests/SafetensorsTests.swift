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

  /// The verdict on a file of this header and so many bytes of data; nil where it is read.
  private func refusal(_ header: String, data: Int = 0) throws -> Failure? {
    try refusal(Array(header.utf8), data: data)
  }

  private func refusal(_ header: [UInt8], data: Int) throws -> Failure? {
    let folder = try TemporaryFolder()
    let path = folder.path + "/x.safetensors"
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    try Data(length + header + [UInt8](repeating: 0, count: data)).write(to: URL(fileURLWithPath: path))
    do {
      _ = try SafetensorsReader(path: path)
      return nil
    } catch {
      #expect(error.kind == .badData)
      return error
    }
  }

  private func tensor(_ shape: String, _ offsets: String, type: String = "F32") -> String {
    #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  @Test("What the format allows is read")
  func allowed() throws {
    let one = tensor("[2]", "[0,8]")
    #expect(try refusal("{}") == nil)
    #expect(try refusal("{\"a\":\(one)}   ", data: 8) == nil)
    #expect(try refusal("{ \"a\" :\n\(one)\t, \"__metadata__\": {\"format\":\"pt\"} }", data: 8) == nil)
    #expect(try refusal(#"{"__metadata__":null}"#) == nil)
    #expect(try refusal("{\"a\":\(tensor("[]", "[0,4]"))}", data: 4) == nil, "a scalar")
    // Tensors without elements lie anywhere between others, in any order of names.
    let empty = tensor("[0,7]", "[0,0]")
    #expect(try refusal("{\"b\":\(empty),\"a\":\(one),\"c\":\(tensor("[3,0]", "[8,8]"))}", data: 8) == nil)
    // Keys that nobody knows, and names that are equal but for their bytes.
    let extra = #"{"dtype":"U8","more":[{"x":-1.5e3}],"shape":[1],"data_offsets":[0,1]}"#
    #expect(try refusal("{\"a\":\(extra)}", data: 1) == nil)
    let twoForms = "{\"\u{E9}\":\(one),\"e\u{301}\":\(tensor("[1]", "[8,12]"))}"
    #expect(try refusal(twoForms, data: 12) == nil)
    #expect(try refusal(#"{"\ud83d\ude00\n":"# + one + "}", data: 8) == nil)
    for (type, size) in SafetensorsWriter.elementSizes {
      #expect(try refusal("{\"a\":\(tensor("[3]", "[0,\(3 * size)]", type: type))}", data: 3 * size) == nil, "\(type)")
    }
  }

  @Test("Tensors fill the data: bytes that are left, holes, overlaps and wrong ends are refused")
  func places() throws {
    let one = tensor("[2]", "[0,8]")
    #expect(try refusal("{\"a\":\(one)}", data: 9)?.message.contains("1 bytes follow its last tensor") == true)
    #expect(try refusal("{}", data: 1)?.message.contains("follow its last tensor") == true)
    #expect(try refusal("{\"a\":\(one)}", data: 7)?.message.contains("truncated") == true)
    #expect(try refusal("{\"a\":\(tensor("[2]", "[4,12]"))}", data: 12)?.message.contains("hole") == true)
    #expect(
      try refusal("{\"a\":\(one),\"b\":\(tensor("[1]", "[12,16]"))}", data: 16)?.message.contains("hole") == true)
    #expect(
      try refusal("{\"a\":\(one),\"b\":\(tensor("[2]", "[4,12]"))}", data: 12)?.message.contains("overlaps") == true)
    #expect(try refusal("{\"a\":\(one),\"b\":\(one)}", data: 8)?.message.contains("overlaps") == true)
  }

  @Test("Headers that are not exactly of the format are refused")
  func headers() throws {
    let one = tensor("[2]", "[0,8]")
    let entries = [
      tensor("[2.0]", "[0,8]"), tensor("[2e0]", "[0,8]"), tensor("[2.5]", "[0,10]"), tensor("[-2]", "[0,8]"),
      tensor("[\"2\"]", "[0,8]"), tensor("[true]", "[0,4]"), tensor("2", "[0,8]"), tensor("[2]", "[0.0,8]"),
      tensor("[2]", "[0]"), tensor("[2]", "[0,8,8]"), tensor("[2]", "[8,0]"), tensor("[2]", "[-8,0]"),
      tensor("[3]", "[0,8]"), tensor("[02]", "[0,8]"), tensor("[4294967296,4294967296]", "[0,8]"),
      tensor("[9223372036854775807]", "[0,8]"), tensor("[99999999999999999999]", "[0,8]"),
      tensor("[4611686018427387904,4]", "[0,0]"), tensor("[2]", "[0,8]", type: "F31"),
      tensor("[2]", "[0,8]", type: "f32"),
      #"{"shape":[2],"data_offsets":[0,8]}"#, #"{"dtype":"F32","data_offsets":[0,8]}"#, #"{"dtype":"F32","shape":[2]}"#,
      #"{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}"#, "[]", "null", "7", "\"F32\"",
    ]
    for entry in entries { #expect(try refusal("{\"a\":\(entry)}", data: 8) != nil, "\(entry)") }
    let texts = [
      "", "[]", " {}", "{", "{}}", "{} {}", "{}\0", "\u{FEFF}{}", "{a:1}", "{'a':1}", "{\"a\":\(one),}",
      "{\"a\":\(one),\"a\":\(one)}", "{\"a\":\(one),\"\\u0061\":\(one)}", "{\"a\":\(one)\"b\":\(one)}",
      "{\"__metadata__\":{\"x\":1}}", "{\"__metadata__\":[]}", "{\"__metadata__\":{\"x\":\"1\",\"x\":\"2\"}}",
      "{\"__metadata__\":{},\"__metadata__\":{}}", "{\"a\n\":\(one)}", "{\"\\ud800\":\(one)}", "{\"\\x\":\(one)}",
      "{\"a\":" + String(repeating: "[", count: 100_000) + "}",
    ]
    for text in texts { #expect(try refusal(text, data: text.contains("F32") ? 8 : 0) != nil, "\(text.prefix(60))") }
    #expect(try refusal([0x7B, 0x22, 0xFF, 0x22, 0x3A] + Array(one.utf8) + [0x7D], data: 8) != nil, "no UTF-8")
    #expect(try refusal(Array("{}".utf16).flatMap { [UInt8($0 & 0xFF), 0] }, data: 0) != nil, "UTF-16")
  }

  @Test("A header above 100 MB is refused, whatever the file's length")
  func longHeader() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/x.safetensors"
    for length in [UInt64(100_000_001), UInt64.max, UInt64(Int.max)] {
      let start = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
      try Data(start + Array("{}".utf8)).write(to: URL(fileURLWithPath: path))
      let file = try File(path, .updating)
      try file.truncate(to: 100_000_100)
      try file.close()
      #expect { _ = try SafetensorsReader(path: path) } throws: { ($0 as? Failure)?.kind == .badData }
    }
  }
}
