import Evaluation
import Foundation
import PairData
import RunFixtures
import Runtime
import Storage
import TestSupport
import Testing
import Training

/// Event files, read back by a small parser of the tests' own and, where it is installed, by TensorBoard's.
@Suite("TensorBoard") struct TensorBoardTests {
  private let fixture: RunFixture

  init() throws { fixture = try RunFixture() }

  private func run(_ steps: Int, _ settings: [String] = []) throws {
    let all = settings + ["schedule.stop_after_steps=\(steps)", "pictures.every_steps=2", "pictures.count=1"]
    try fixture.run("run", all) { try $0.addPictures(to: $0.addTensorBoard()) }
  }

  /// The run's event files in the order of their names, which is that of TensorBoard.
  private func files() throws -> [[Event]] {
    let folder = fixture.output("run")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains("tfevents") }.sorted()
    return try names.map { try Event.read(Data(contentsOf: URL(fileURLWithPath: folder + "/" + $0))) }
  }

  @Test("Every step has the figures of metrics.jsonl; pictures and the configuration are there, too")
  func content() throws {
    try run(4, ["validation.every_steps=2"])
    let events = try #require(try files().first)
    #expect(events[0].version == "brain.Event:2" && events[1].sessionStatus == 1 && events[1].step == 0)
    let metrics = try fixture.metrics("run")
    #expect(metrics.count == 4)
    for line in metrics {
      let values = events.filter { $0.step == Int(line["step"] ?? 0) }.flatMap(\.values)
      func scalar(_ tag: String) -> Float? { values.first { $0.tag == tag }?.scalar }
      for (tag, key) in [
        ("loss/training", "loss"), ("optimizer/gradient_norm", "grad_norm"), ("optimizer/learning_rate", "lr"),
        ("loss/validation", "validation_loss"), ("validation/reference_gain", "reference_gain"),
        ("progress/epoch", "epoch"),
      ] {
        #expect(scalar(tag) == line[key].map { Float($0) }, "\(tag)")
      }
      #expect(scalar("speed/pairs_per_second") ?? 0 > 0)
    }
    let pictures = events.flatMap { event in event.values.compactMap { $0.picture.map { (event.step, $0) } } }
    #expect(pictures.map(\.0) == [2, 4])
    let file = RunFolder(fixture.output("run")).pictureFolder + "/step-00000004.png"
    #expect(try pictures.last?.1 == Array(Data(contentsOf: URL(fileURLWithPath: file))))
    let text = events.flatMap(\.values).first { $0.tag == "configuration" }?.text ?? ""
    #expect(text.contains("    model:\n") && text.contains("      position_embedding: "))
    #expect(events.allSatisfy { abs($0.wallTime - Date().timeIntervalSince1970) < 3600 })
  }

  @Test("A run that goes on begins another file, which takes back the steps from there on")
  func resuming() throws {
    try run(2)
    try run(4)
    let files = try files()
    #expect(files.count == 2)
    #expect(files[1][1].sessionStatus == 1 && files[1][1].step == 3)
    let steps = files.map { $0.filter { $0.values.contains { $0.tag == "loss/training" } }.map(\.step) }
    #expect(steps == [[1, 2], [3, 4]])
  }

  @Test("Without logging.tensorboard there is no file")
  func off() throws {
    try run(1, ["logging.tensorboard=false"])
    #expect(try files().isEmpty)
  }

  private static let python = TestSupport.python(with: "tensorboard")

  @Test(
    "TensorBoard's own reader finds all of it", .enabled(if: python != nil, "python3 with tensorboard is not installed")
  )
  func tensorBoard() throws {
    try run(2)
    try run(3)
    let program = """
      import sys
      from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
      events = EventAccumulator(sys.argv[1])
      events.Reload()
      print([event.step for event in events.Scalars("loss/training")], events.Tags()["images"], events.Tags()["tensors"])
      """
    let result = try runProcess(try #require(Self.python), ["-c", program, fixture.output("run")])
    #expect(result.output == "[1, 2, 3] ['reconstructions'] ['configuration']\n", "\(result)")
  }
}

// MARK: - The parser

/// An event as it is read back.
private struct Event {
  struct Value {
    var tag = ""
    var scalar: Float?
    var picture: [UInt8]?
    var text: String?
  }

  var wallTime = 0.0
  var step = 0
  var version: String?
  var sessionStatus: Int?
  var values: [Value] = []

  /// The events of a file, whose checksums are compared.
  static func read(_ data: Data) throws -> [Event] {
    var rest = Array(data)[...]
    var events: [Event] = []
    while !rest.isEmpty {
      let length = rest.prefix(8)
      let content = rest.dropFirst(12).prefix(Int(number(length)))
      #expect(number(rest.dropFirst(8).prefix(4)) == UInt64(maskedChecksum(length)))
      #expect(number(rest.dropFirst(12 + content.count).prefix(4)) == UInt64(maskedChecksum(content)))
      events.append(Event(content))
      rest = rest.dropFirst(16 + content.count)
    }
    return events
  }

  private init(_ bytes: ArraySlice<UInt8>) {
    for (field, content) in Self.fields(bytes) {
      switch field {
      case 1: wallTime = Double(bitPattern: Self.number(content))
      case 2: step = Int(Self.number(content))
      case 3: version = String(decoding: content, as: UTF8.self)
      case 5: values = Self.fields(content).map { Self.value($0.content) }
      case 7: sessionStatus = Self.fields(content).first.map { Int(Self.number($0.content)) }
      default: Issue.record("an event has the field \(field)")
      }
    }
  }

  private static func value(_ bytes: ArraySlice<UInt8>) -> Value {
    var value = Value()
    for (field, content) in fields(bytes) {
      switch field {
      case 1: value.tag = String(decoding: content, as: UTF8.self)
      case 2: value.scalar = Float(bitPattern: UInt32(number(content)))
      case 4: value.picture = fields(content).first { $0.field == 4 }.map { Array($0.content) }
      case 8: value.text = fields(content).first { $0.field == 8 }.map { String(decoding: $0.content, as: UTF8.self) }
      case 9: #expect(String(decoding: content.suffix(4), as: UTF8.self) == "text")
      default: Issue.record("a value has the field \(field)")
      }
    }
    return value
  }

  /// The fields of a message; of whole numbers the bytes of an unsigned one.
  private static func fields(_ bytes: ArraySlice<UInt8>) -> [(field: Int, content: ArraySlice<UInt8>)] {
    var rest = bytes
    var fields: [(field: Int, content: ArraySlice<UInt8>)] = []
    func varint() -> UInt64 {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        let byte = rest.removeFirst()
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { break }
      }
      return value
    }
    while !rest.isEmpty {
      let key = varint()
      let content: ArraySlice<UInt8>
      switch key & 7 {
      case 0: content = withUnsafeBytes(of: varint().littleEndian) { Array($0)[...] }
      case 1: content = rest.prefix(8)
      case 5: content = rest.prefix(4)
      default:
        let length = Int(varint())
        content = rest.prefix(length)
      }
      if key & 7 != 0 { rest = rest.dropFirst(content.count) }
      fields.append((Int(key >> 3), content))
    }
    return fields
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// CRC-32C bit by bit, masked as TFRecord has it.
  private static func maskedChecksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1) * 0x82f6_3b78 }
    }
    sum = ~sum
    return (sum >> 15 | sum << 17) &+ 0xa282_ead8
  }
}
